import { describe, expect, test, vi } from "vitest";
import { readTail, setSource } from "../src/api/client";
import { LONGEST, linesOf, marked, matchesIn } from "../src/logs/ansi";

const ESC = "\x1b";
const plain = (text: string) => linesOf(text).map((line) => line.map((each) => each.text).join(""));

describe("a log", () => {
  test.each([
    ["", []],
    ["one\ntwo\n", ["one", "two"]],
    ["one\r\n\r\ntwo", ["one", "", "two"]],
    [" 10%\r 50%\r100%\nnext", ["100%", "next"]],
    ["tab\tstays", ["tab\tstays"]],
    [`a${ESC}[2K${ESC}[1;1H${ESC}[?25lb${ESC}(Bc${ESC}7`, ["abc"]],
    [`${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;\x07`, ["click"]],
    [`${ESC}]0;title\x07x${ESC}P1$q${ESC}\\y`, ["xy"]],
    ["bell\x07 null\0 \x9b31mcsi", ["bell null 31mcsi"]],
    ["abc\u202edcba\u2066", ["abcdcba"]],
    [`cut off ${ESC}[31`, ["cut off "]],
    ["<script>alert(1)</script>", ["<script>alert(1)</script>"]],
  ])("%j is shown as %j", (text, lines) => expect(plain(text)).toEqual(lines));

  test("has the colours of a terminal as names, over several lines", () => {
    const text = `${ESC}[31mred\nstill${ESC}[0m plain ${ESC}[1;92mgood${ESC}[22;39m ${ESC}[38;5;4mblue${ESC}[38;2;1;2;3mtrue${ESC}[m.`;
    expect(linesOf(text)).toEqual([
      [{ text: "red", look: "ansi1" }],
      [
        { text: "still", look: "ansi1" },
        { text: " plain ", look: "" },
        { text: "good", look: "ansi2 bold" },
        { text: " ", look: "" },
        { text: "blue", look: "ansi4" },
        { text: "true", look: "ansi4" },
        { text: ".", look: "" },
      ],
    ]);
  });

  test("shows so much of a line and says how much more there is", () => {
    const [line] = linesOf("x".repeat(LONGEST + 1234));
    expect(line.map((each) => each.text.length)).toEqual([LONGEST, 17]);
    expect(line[1].text).toBe(" … and 1,234 more");
  });

  test("of an unkind shape is read in time", () => {
    const unkind = [`${ESC}[`.repeat(200_000), `${ESC}]8;;`.repeat(100_000), `${ESC}[${"1;".repeat(200_000)}`, "\r".repeat(500_000)];
    for (const each of unkind) expect(linesOf(each).length).toBeLessThan(2);
  });
});

describe("finding", () => {
  const lines = linesOf(`a Loss of ${ESC}[31mlo${ESC}[0mss\nnone\nLOSS`);
  test("is about the text that is seen, whatever its case and colours", () => {
    expect(matchesIn(lines, "loss")).toEqual([
      { line: 0, start: 2, end: 6 },
      { line: 0, start: 10, end: 14 },
      { line: 2, start: 0, end: 4 },
    ]);
    expect(matchesIn(lines, "")).toEqual([]);
  });
  test("marks what was found, in pieces of one look each", () => {
    const found = matchesIn(lines, "loss");
    expect(marked(lines[0], found.slice(0, 2), 0)).toEqual([
      { text: "a ", look: "", match: null },
      { text: "Loss", look: "", match: 0 },
      { text: " of ", look: "", match: null },
      { text: "lo", look: "ansi1", match: 1 },
      { text: "ss", look: "", match: 1 },
    ]);
  });
});

describe("the end of a log", () => {
  const answer = (body: string, headers: Record<string, string> = {}, status = 200) =>
    setSource(vi.fn(() => Promise.resolve(new Response(body, { status, headers }))));
  test("is the part that the server sends, from a line on", async () => {
    answer("half\nwhole\n", { "Content-Range": "bytes 100-110/111" }, 206);
    expect(await readTail("log", 11)).toEqual({ text: "whole\n", before: 105 });
  });
  test("is cut from the whole where the server sends no parts", async () => {
    answer("first\nsecond\nthird\n");
    expect(await readTail("log", 10)).toEqual({ text: "third\n", before: 13 });
    answer("all\n");
    expect(await readTail("log", 10)).toEqual({ text: "all\n", before: 0 });
  });
});
