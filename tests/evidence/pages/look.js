// What is wrong with the page as it stands now, as sentences. smallest: CSS pixels of the smallest text.
function look({smallest, dark}) {
  const wrong = [];
  const wide = document.documentElement.clientWidth;
  const seen = element => {
    for (let at = element; at instanceof Element; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return false;
      if (style.clipPath === "inset(50%)" || at.matches(".modebar, .hoverlayer")) return false;
      if (at.tagName === "DETAILS" && !at.open && !element.closest("summary")) return false;
    }
    return true;
  };
  const parse = colour => {
    const part = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return {rgb: part.slice(0, 3), alpha: part.length > 3 ? part[3] : 1};
  };
  const light = ([r, g, b]) => {
    const part = value => ((value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.alpha === 1) return colour.rgb;
    }
    return [255, 255, 255];
  };

  if (document.documentElement.scrollWidth > wide)
    wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${wide}`);
  if (dark !== null && light(behind(document.body)) < 0.1 !== dark)
    wrong.push(`the page is ${dark ? "light in the dark" : "dark in the light"}`);

  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, element = node.parentElement, said = node.textContent.trim();
    if (!said || element.matches("script, style") || !seen(element)) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    if (size < smallest) wrong.push(`"${said}" is ${size} px high`);
    const colour = parse(element.ownerSVGElement ? style.fill : style.color).rgb;
    const need = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const found = contrast(light(colour), light(behind(element)));
    if (found < need) wrong.push(`"${said}" has a contrast of ${found.toFixed(1)}, not ${need}`);
    const range = document.createRange();
    for (const word of node.textContent.matchAll(/[^\s\-\/]+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
      if (lines.size > 1 && word[0].length <= 24) wrong.push(`the word "${word[0]}" is broken`);
    }
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (!box.width || !box.height) continue;
      if (box.left < -1 || box.right > wide + 1) wrong.push(`"${said}" reaches from ${box.left} to ${box.right} px`);
      texts.push({said, element, left: box.left, right: box.right, top: box.top, bottom: box.bottom});
    }
  }
  for (const element of document.querySelectorAll("main *")) {
    if (!seen(element) || element.closest("svg, .chart")) continue;
    const box = element.getBoundingClientRect();
    if (box.right > wide + 1) wrong.push(`<${element.tagName}> ends at ${box.right} px`);
    if (getComputedStyle(element).display !== "inline" && element.scrollWidth > element.clientWidth + 1 &&
        element.clientWidth) wrong.push(`<${element.tagName}> holds ${element.scrollWidth} px in ${element.clientWidth}`);
  }
  // A line of text may touch the next one; it may not stand in it.
  texts.sort((one, other) => one.top - other.top);
  for (let n = 0; n < texts.length; n++) {
    const one = texts[n];
    for (let m = n + 1; m < texts.length && texts[m].top < one.bottom; m++) {
      const other = texts[m];
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - other.top;
      const line = Math.min(one.bottom - one.top, other.bottom - other.top);
      if (across > 2 && down > line / 3) wrong.push(`"${one.said}" stands on "${other.said}"`);
    }
  }
  for (const chart of document.querySelectorAll(".chart")) {
    const box = chart.getBoundingClientRect();
    if (!chart.querySelector(".main-svg")) wrong.push(`#${chart.id} is not drawn`);
    for (const part of chart.querySelectorAll(".main-svg, .plotbg, .xtitle, .ytitle, .annotation")) {
      const own = part.getBoundingClientRect();
      if (own.width && (own.right > box.right + 1 || own.left < box.left - 1 || own.bottom > box.bottom + 1))
        wrong.push(`#${chart.id}: ${part.getAttribute("class")} leaves the chart`);
    }
    for (const part of chart.querySelectorAll(".cartesianlayer .bg, .bglayer .bg")) {
      const own = part.getBoundingClientRect();
      if (own.width < box.width * 0.6) wrong.push(`#${chart.id} has ${own.width} px of ${box.width} for its lines`);
    }
  }
  return [...new Set(wrong)];
}
