"use strict";
// Draws the charts of the page from its own data. Texts are only ever set as text.
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const COLOURS = 8;
  const HEIGHT = 240;
  const charts = [];

  const make = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => {
    if (value === null || value === undefined) return "none";
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toFixed(4);
  };

  // The best epoch and what guessing reaches, drawn over the curves.
  const drawMarks = (chart) => (plot) => {
    const { ctx, bbox } = plot;
    const ratio = window.devicePixelRatio || 1;
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    const line = (x0, y0, x1, y1, ink) => {
      ctx.strokeStyle = ctx.fillStyle = ink;
      ctx.beginPath();
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
      ctx.stroke();
    };
    for (const mark of chart.marks) {
      const x = plot.valToPos(mark.epoch, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      line(x, bbox.top, x, bbox.top + bbox.height, colour("--best"));
      const text = `${mark.label} ${mark.epoch}`;
      const space = ctx.measureText(text).width + 5 * ratio;
      // On the side of the line that has room for it.
      const fits = [x + space <= bbox.left + bbox.width, x - space >= bbox.left];
      const left = fits[0] ? x + 5 * ratio : fits[1] ? x - space : bbox.left;
      ctx.textAlign = "left";
      ctx.fillText(text, left, bbox.top + 12 * ratio);
    }
    for (const level of chart.levels) {
      const y = plot.valToPos(level.value, "y", true);
      if (!(y >= bbox.top && y <= bbox.top + bbox.height)) continue;
      line(bbox.left, y, bbox.left + bbox.width, y, colour("--guess"));
      const text = `${level.label} ${number(level.value)}`;
      const width = ctx.measureText(text).width + 8 * ratio;
      const left = bbox.left + bbox.width / 2 - width / 2;
      ctx.fillStyle = colour("--panel");
      ctx.fillRect(left, y - 8 * ratio, width, 16 * ratio);
      ctx.fillStyle = colour("--guess");
      ctx.textAlign = "center";
      ctx.fillText(text, left + width / 2, y + 4 * ratio);
    }
    ctx.restore();
  };

  const readout = (chart, list) => (plot) => {
    const at = plot.cursor.idx;
    const place = at === null || at === undefined ? chart.epochs.length - 1 : at;
    list.replaceChildren(make("li", "", `epoch ${chart.epochs[place]}`));
    chart.series.forEach((series, index) => {
      const item = make("li", "");
      item.append(make("span", `key key-${index % COLOURS}`), `${series.label} ${number(series.values[place])}`);
      list.append(item);
    });
  };

  const options = (chart, box, isLog) => ({
    width: Math.max(200, box.plot.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false },
      y: {
        distr: isLog ? 3 : 1,
        // What guessing reaches belongs into the picture.
        range: isLog ? undefined : (plot, low, high) => {
          const all = [low, high, ...chart.levels.map((level) => level.value)].filter((value) => value !== null);
          if (!all.length) return [0, 1];
          const bottom = Math.min(...all), top = Math.max(...all);
          const space = (top - bottom || Math.abs(top) || 1) * 0.06;
          return [bottom - space, top + space];
        },
      },
    },
    axes: [
      { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, size: 62 },
    ],
    series: [
      {},
      ...chart.series.map((series, index) => ({
        label: series.label,
        stroke: colour(`--c${index % COLOURS}`),
        width: 2,
        dash: series.label === "training" ? [6, 4] : undefined,
        spanGaps: false,
        points: { show: chart.epochs.length <= 60, size: 5 },
      })),
    ],
    hooks: { draw: [drawMarks(chart)], setCursor: [readout(chart, box.list)] },
  });

  const draw = (chart, box) => {
    if (box.uplot) box.uplot.destroy();
    const values = chart.series.map((series) =>
      box.isLog ? series.values.map((value) => (value !== null && value > 0 ? value : null)) : series.values);
    box.uplot = new uPlot(options(chart, box, box.isLog), [chart.epochs, ...values], box.plot);
    readout(chart, box.list)(box.uplot);
  };

  const zoomOut = (chart, box) => {
    box.uplot.setScale("x", { min: chart.epochs[0], max: chart.epochs[chart.epochs.length - 1] });
  };

  const moveCursor = (chart, box, event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") return zoomOut(chart, box);
    if (!(event.key in steps)) return undefined;
    event.preventDefault();
    const last = chart.epochs.length - 1;
    const from = box.at === undefined ? (steps[event.key] > 0 ? -1 : last + 1) : box.at;
    box.at = Math.min(last, Math.max(0, from + steps[event.key]));
    const left = box.uplot.valToPos(chart.epochs[box.at], "x");
    return box.uplot.setCursor({ left, top: HEIGHT / 3 });
  };

  const valueTable = (chart) => {
    const details = make("details", "");
    details.append(make("summary", "", "Values as a table"));
    details.addEventListener("toggle", () => {
      if (details.querySelector("table")) return;
      const table = make("table", "");
      const head = table.createTHead().insertRow();
      for (const name of ["epoch", ...chart.series.map((series) => series.label)]) {
        const cell = make("th", "", name);
        cell.scope = "col";
        head.append(cell);
      }
      const body = table.createTBody();
      chart.epochs.forEach((epoch, place) => {
        const row = body.insertRow();
        for (const text of [String(epoch), ...chart.series.map((series) => number(series.values[place]))]) {
          row.insertCell().textContent = text;
        }
      });
      const scroll = make("div", "scroll");
      scroll.tabIndex = 0;
      scroll.append(table);
      details.append(scroll);
    });
    return details;
  };

  const add = (chart, parent) => {
    const node = make("div", "chart");
    const box = { isLog: false, plot: make("div", "plot"), list: make("ul", "readout") };
    box.plot.tabIndex = 0;
    box.plot.setAttribute("role", "group");
    box.plot.setAttribute("aria-label", `Chart of ${chart.title} by epoch; the arrow keys read its values`);
    box.list.setAttribute("aria-live", "polite");
    const log = make("button", "", "log scale");
    log.type = "button";
    log.setAttribute("aria-pressed", "false");
    log.addEventListener("click", () => {
      box.isLog = !box.isLog;
      log.setAttribute("aria-pressed", String(box.isLog));
      draw(chart, box);
    });
    const whole = make("button", "", "zoom out");
    whole.type = "button";
    whole.addEventListener("click", () => zoomOut(chart, box));
    const tools = make("div", "tools");
    tools.append(log, whole);
    node.append(make("h4", "", chart.title), tools, box.plot, box.list, valueTable(chart));
    parent.append(node);
    box.plot.addEventListener("keydown", (event) => moveCursor(chart, box, event));
    charts.push([chart, box]);
    draw(chart, box);
  };

  for (const parent of document.querySelectorAll("[data-charts]")) {
    for (const chart of data[parent.dataset.charts] || []) {
      if (chart.epochs.length) add(chart, parent);
    }
  }
  window.addEventListener("resize", () => {
    for (const [, box] of charts) box.uplot.setSize({ width: Math.max(200, box.plot.clientWidth), height: HEIGHT });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const [chart, box] of charts) draw(chart, box);
  });
})();
