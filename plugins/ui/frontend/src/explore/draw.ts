import { BarChart, BoxplotChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, ParallelComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart,
  BoxplotChart,
  HeatmapChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

/** Draws a chart into an element of the page; the caller disposes of it. */
export function draw(host: HTMLElement, option: object, onRun: (runId: string) => void): EChartsType {
  const chart = init(host, null, { renderer: "canvas" });
  chart.setOption({ ...option, animation: false });
  chart.on("click", (event) => {
    const id = (event.data as { runId?: string } | undefined)?.runId;
    if (id) onRun(id);
  });
  return chart;
}
