import { useState } from "react";
import { artifactUrl } from "../api/client";
import { FigurePage } from "./figure-preview";
import { ParquetPreview } from "./parquet-preview";
import { TextPreview } from "./text";

const IMAGES = /\.(png|jpe?g|gif|webp|svg|bmp|avif)$/i;
const BINARY = /\.(pkl|pickle|joblib|bin|pt|pth|onnx|h5|npy|npz|zip|gz|tar|whl|pdf|skops|ckpt|safetensors)$/i;

/** A file as it can be shown: never as a page of this origin. */
export function Preview({ runId, path }: { runId: string; path: string }) {
  if (IMAGES.test(path)) return <Picture runId={runId} path={path} />;
  if (/\.html?$/i.test(path)) return <FigurePage runId={runId} path={path} />;
  if (/\.(parquet|pq)$/i.test(path)) return <ParquetPreview runId={runId} path={path} />;
  if (BINARY.test(path)) return <p className="faint center">There is no preview of this kind of file. Download it.</p>;
  return <TextPreview runId={runId} path={path} />;
}

function Picture({ runId, path }: { runId: string; path: string }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <p className="faint center">This picture cannot be shown. Download it.</p>;
  return (
    <div className="picture">
      <img src={artifactUrl(runId, path)} alt={path} decoding="async" onError={() => setFailed(true)} />
    </div>
  );
}
