import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Experiment = Schemas["Experiment"];
export type Run = Schemas["Run"];
export type RunKey = Schemas["RunKey"];
export type ChartSeries = Schemas["ChartSeries"];
export type ChartPairs = Schemas["ChartPairs"];
export type ChartBand = Schemas["ChartBand"];
export type FileInfo = Schemas["FileInfo"];
export type RegisteredModel = Schemas["RegisteredModel"];
export type ModelVersion = Schemas["ModelVersion"];
export type View = Schemas["View"];
export type Tag = Schemas["Tag"];
export type RunsFound = Schemas["RunsFound"];
export type ExperimentsFound = Schemas["ExperimentsFound"];
export type KeysFound = Schemas["KeysFound"];
export type ChartsFound = Schemas["ChartsFound"];
export type PairsFound = Schemas["PairsFound"];
export type BandsFound = Schemas["BandsFound"];
export type ArtifactsFound = Schemas["ArtifactsFound"];
export type ModelsFound = Schemas["ModelsFound"];
export type VersionsFound = Schemas["VersionsFound"];
export type ViewsFound = Schemas["ViewsFound"];
export type SelectRuns = Partial<Schemas["SelectRuns"]>;
