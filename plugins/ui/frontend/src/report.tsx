import { setSource } from "./api/client";
import { mode } from "./report/mode";
import { sourceOf, type ReportData } from "./report/source";

const data = JSON.parse(document.getElementById("data")!.textContent!) as ReportData;
mode.isReport = true;
mode.made = data.made;
setSource(sourceOf(data));
if (!location.hash) location.hash = `#/experiments/${data.experiment.experiment_id}?layout=split`;
void import("./main"); // after the source is set: the page asks at once
