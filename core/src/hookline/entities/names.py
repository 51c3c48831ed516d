"""Made-up names of runs, such as `brave-otter-417`."""

from hashlib import sha256

_ADJECTIVES = """
able agile amber ample apt azure bold brave breezy bright brisk calm candid caring charming cheerful civil clean clear
clever cosmic crisp curious daring dapper deft eager earnest easy fair fancy fine fluent fond frank free fresh gentle
glad golden grand handy happy hardy honest humble ideal jolly keen kind lively loyal lucid lucky mellow merry mighty
mild modest neat nimble noble open orderly patient placid polite proud prudent quick quiet rapid ready robust rustic
serene sharp shiny silent simple sincere sleek smart smooth snug sober solid spry steady stoic sturdy subtle sunny
sure swift tidy tranquil trusty upbeat valiant vivid warm wise witty worthy zesty
"""
_NOUNS = """
ant auk badger bat bear beaver bee bison boar camel carp cat colt cougar crab crane cricket crow deer dolphin donkey
dove duck eagle eel elk emu falcon fawn ferret finch fish fox frog gecko gnu goat goose grouse gull hare hawk hen
heron horse hound ibis jay kite koala lamb lark lemur lion lizard llama lynx magpie mare marten mink mole moose moth
mouse mule newt ocelot orca otter owl ox panda perch pike plover pony puma quail rabbit ram raven rook salmon seal
shark sheep shrew shrimp skunk sloth snail snipe sparrow squid stag stoat stork swan tapir tern thrush tiger toad
trout turtle vole wasp whale wolf wren yak zebra
"""


def run_name_of(run_id: str) -> str:
    """Return a name of the form adjective-noun-number, in every store the same for a run that was given none.

    Names are for people: two runs may share one.
    """
    number = int.from_bytes(sha256(run_id.encode()).digest())
    words = []
    for choices in (_ADJECTIVES.split(), _NOUNS.split(), range(1000)):
        number, chosen = divmod(number, len(choices))
        words.append(str(choices[chosen]))
    return "-".join(words)
