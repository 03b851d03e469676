// Paints the heat maps, and adds cross-hairs, switches and the legend to charts that are complete without it.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const hidden = new Set();
  const SCALE_TOP = 120;

  // ---- words -----------------------------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const moment = (minute) => {
    const m = Math.floor(minute);
    return `day ${Math.floor(m / 1440) + 1}, ${two(Math.floor(m / 60) % 24)}:${two(m % 60)}`;
  };
  const shown = (value, unit) =>
    value === null ? "–" : value.toLocaleString("en", { maximumFractionDigits: 1 }) + unit;

  const showTip = (event, head, rows) => {
    tip.replaceChildren();
    tip.append(Object.assign(document.createElement("b"), { textContent: head }));
    for (const [name, value, slot] of rows) {
      const line = document.createElement("div");
      const label = document.createElement("span");
      if (slot !== undefined) {
        const swatch = document.createElement("i");
        swatch.className = "swatch";
        swatch.style.background = `var(--c${slot === 0 ? 0 : ((slot - 1) % 7) + 1})`;
        label.append(swatch);
      }
      label.append(name);
      line.append(label, Object.assign(document.createElement("span"), { textContent: value }));
      tip.append(line);
    }
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = event.clientX + 16 + box.width > innerWidth ? event.clientX - 16 - box.width : event.clientX + 16;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 8))}px`;
  };

  // ---- line charts -------------------------------------------------------------------------------------------------
  for (const svg of document.querySelectorAll("svg[data-chart]")) {
    const chart = data.charts[svg.dataset.chart];
    const cursor = svg.querySelector(".cursor");
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * chart.width;
      const share = Math.min(1, Math.max(0, (x - chart.left) / (chart.right - chart.left)));
      const minute = share * chart.minutes;
      const at = chart.left + share * (chart.right - chart.left);
      cursor.setAttribute("x1", at);
      cursor.setAttribute("x2", at);
      cursor.style.visibility = "visible";
      const rows = chart.lines
        .filter((line) => !hidden.has(line.slot))
        .map((line) => [line, line.values[Math.min(line.values.length - 1, Math.round(minute / line.step))] ?? null])
        .sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1))
        .map(([line, value]) => [line.name, shown(value, chart.unit), line.slot]);
      showTip(event, moment(minute), rows);
    });
    svg.addEventListener("pointerleave", () => {
      tip.hidden = true;
      cursor.style.visibility = "hidden";
    });
  }

  // ---- heat maps ---------------------------------------------------------------------------------------------------
  const rgb = (name) => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((place) => parseInt(hex.slice(place, place + 2), 16));
  };
  // Cool below the level, warm above it: the step between the two is what the eye should find.
  const palette = (level) => {
    const [zero, cool, warm, full, beyond] = ["--h0", "--h1", "--h2", "--h3", "--h4"].map(rgb);
    const mix = (a, b, t) => a.map((from, place) => from + (b[place] - from) * Math.min(1, Math.max(0, t)));
    return Array.from({ length: 256 }, (_, percent) => {
      if (percent <= level) return mix(zero, cool, percent / level);
      if (percent <= 100) return mix(warm, full, (percent - level) / Math.max(1, 100 - level));
      return mix(full, beyond, (percent - 100) / (SCALE_TOP - 100));
    });
  };
  const paint = (canvas, columns, rows, percentAt, colours) => {
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let cell = 0; cell < columns * rows; cell++) {
      image.data.set(colours[percentAt(cell)], cell * 4);
      image.data[cell * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  };
  for (const heat of data.heats) heat.cells = Uint8Array.from(atob(heat.percent), (c) => c.charCodeAt(0));
  const paintAll = () => {
    for (const canvas of document.querySelectorAll("canvas[data-heat]")) {
      const heat = data.heats[canvas.dataset.heat];
      paint(canvas, heat.columns, heat.rows.length, (cell) => heat.cells[cell], palette(heat.level));
    }
    for (const scale of document.querySelectorAll(".heat-scale")) {
      paint(scale.querySelector("canvas"), SCALE_TOP, 1, (cell) => cell, palette(Number(scale.dataset.level)));
    }
  };
  paintAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
  for (const canvas of document.querySelectorAll("canvas[data-heat]")) {
    const heat = data.heats[canvas.dataset.heat];
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const place = (at, size, count) => Math.min(count - 1, Math.max(0, Math.floor((at / size) * count)));
      const column = place(event.clientX - box.left, box.width, heat.columns);
      const row = place(event.clientY - box.top, box.height, heat.rows.length);
      const percent = heat.cells[row * heat.columns + column];
      showTip(event, heat.rows[row], [[moment(column * heat.step), `${percent} %`]]);
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  // ---- switches and legend -----------------------------------------------------------------------------------------
  for (const group of document.querySelectorAll(".switch")) {
    const buttons = [...group.querySelectorAll("button")];
    const views = [...group.parentElement.querySelectorAll(".view")];
    buttons.forEach((button, chosen) => button.addEventListener("click", () => {
      buttons.forEach((other, place) => other.setAttribute("aria-pressed", String(place === chosen)));
      views.forEach((view, place) => { view.hidden = place !== chosen; });
    }));
  }
  for (const button of document.querySelectorAll(".legend button")) {
    const slot = Number(button.dataset.slot);
    const lines = document.querySelectorAll(`.line[data-slot="${slot}"]`);
    button.addEventListener("click", () => {
      const off = !hidden.delete(slot);
      if (off) hidden.add(slot);
      button.setAttribute("aria-pressed", String(!off));
      lines.forEach((line) => line.classList.toggle("off", off));
    });
    const light = (on) => {
      document.querySelectorAll(".chart").forEach((chart) => chart.classList.toggle("dimmed", on));
      lines.forEach((line) => line.classList.toggle("lit", on));
    };
    button.addEventListener("pointerenter", () => light(true));
    button.addEventListener("pointerleave", () => light(false));
  }
})();
