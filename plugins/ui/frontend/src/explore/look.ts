import { isDark } from "../colours";

const RAMP = { light: ["#d6efe9", "#5fb8ab", "#0f6f66", "#163f63"], dark: ["#17342f", "#1f7d72", "#4fc9ba", "#e5f6a2"] };

/** The colours of a chart of ECharts, in the theme that is shown. */
export function look() {
  const dark = isDark();
  return {
    dark,
    text: dark ? "#a7b0ac" : "#565a57",
    line: dark ? "#272d2b" : "#e5e4e0",
    strong: dark ? "#3a423f" : "#cfcdc7",
    surface: dark ? "#161a19" : "#ffffff",
    raised: dark ? "#1d2220" : "#ffffff",
    ramp: dark ? RAMP.dark : RAMP.light,
  };
}

/** A rich text has marks in braces: what is logged must not be read as some. */
export function plain(lines: string[]): string {
  return lines.map((each) => each.replaceAll("{", "(").replaceAll("}", ")").slice(0, 120)).join("\n");
}
