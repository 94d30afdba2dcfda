import * as echarts from "echarts/core";
import { BarChart, SankeyChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
echarts.use([AriaComponent, BarChart, GridComponent, LegendComponent, MarkLineComponent, SankeyChart, SVGRenderer, TooltipComponent]);
export const init = echarts.init;
