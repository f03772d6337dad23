// The chart of RESULTS.md: the time of a change of a login session, one bar each, on a logarithmic
// scale.

import { View, parse } from 'vega'

/** @param bars { name, low, median, high, form }[], in microseconds */
export async function draw(bars, title) {
  return new View(parse(specification(bars, title)), { renderer: 'none' }).toSVG()
}

function specification(bars, title) {
  const y = { scale: 'names', field: 'name' }
  const middle = { scale: 'names', field: 'name', band: 0.5 }
  return {
    width: 520,
    height: 24 * bars.length,
    padding: 8,
    background: 'white',
    title: { text: title, anchor: 'start', offset: 12, fontSize: 13 },
    data: [{ name: 'bars', values: bars }],
    scales: [
      {
        name: 'names',
        type: 'band',
        domain: { data: 'bars', field: 'name' },
        range: 'height',
        padding: 0.25,
      },
      {
        name: 'times',
        type: 'log',
        domain: [1, 3 * Math.max(...bars.map(({ high }) => high))],
        range: 'width',
      },
      { name: 'colors', type: 'ordinal', domain: [true, false], range: ['#1f6f54', '#a9b4bd'] },
    ],
    axes: [
      {
        orient: 'bottom',
        scale: 'times',
        title: 'microseconds, on a logarithmic scale',
        grid: true,
        values: [1, 10, 100, 1000, 10_000],
        format: ',',
      },
      {
        orient: 'left',
        scale: 'names',
        ticks: false,
        domain: false,
        labelFontSize: 11,
        labelLimit: 260,
      },
    ],
    marks: [
      {
        type: 'rect',
        from: { data: 'bars' },
        encode: {
          enter: {
            y,
            height: { scale: 'names', band: 1 },
            x: { scale: 'times', value: 1 },
            x2: { scale: 'times', field: 'median' },
            fill: { scale: 'colors', field: 'own' },
          },
        },
      },
      {
        type: 'rule',
        from: { data: 'bars' },
        encode: {
          enter: {
            y: middle,
            x: { scale: 'times', field: 'low' },
            x2: { scale: 'times', field: 'high' },
            stroke: { value: '#333' },
          },
        },
      },
      {
        type: 'text',
        from: { data: 'bars' },
        encode: {
          enter: {
            y: middle,
            x: { scale: 'times', field: 'high', offset: 6 },
            text: { field: 'label' },
            baseline: { value: 'middle' },
            fontSize: { value: 11 },
          },
        },
      },
    ],
  }
}
