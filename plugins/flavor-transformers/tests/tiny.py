"""Tiny models of random weights, made from configurations: nothing is downloaded."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    pipeline,
)

WORDS = ["[PAD]", "[UNK]", "good", "bad", "a", "film", "very", "the"]


def tokenizer():
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", eos_token="[PAD]", model_max_length=16
    )


def config():
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    return BertConfig(
        vocab_size=len(WORDS),
        max_position_embeddings=16,
        id2label={0: "bad", 1: "good"},
        initializer_range=1.0,
        **sizes,
    )


def classifier():
    torch.manual_seed(0)
    return BertForSequenceClassification(config()).eval()


def classifying():
    return pipeline("text-classification", model=classifier(), tokenizer=tokenizer())


def tagging():
    torch.manual_seed(0)
    return pipeline("token-classification", model=BertForTokenClassification(config()).eval(), tokenizer=tokenizer())


def writing():
    torch.manual_seed(0)
    made = GPT2Config(
        vocab_size=len(WORDS),
        n_positions=16,
        n_embd=8,
        n_layer=1,
        n_head=2,
        initializer_range=1.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    return pipeline("text-generation", model=GPT2LMHeadModel(made).eval(), tokenizer=tokenizer())
