// Data of applications in sessions, in sizes that they should avoid.

/** About 9 kB, which takes several cookies. */
export const MUCH = {
  cart: Array.from({ length: 45 }, (_, index) => ({
    sku: `SKU-${1000 + 37 * index}`,
    title: `Thing number ${index + 1}`,
    quantity: 1 + (index % 3),
  })),
  viewed: Array.from({ length: 170 }, (_, index) => `product-${1000 + 7 * index}`),
  draft: 'Every word of this letter travels with every request. '.repeat(60),
}

/** About 70 kB, which exceeds all limits. */
export const TOO_MUCH = {
  gallery: 'A picture says more than a thousand words, and takes more room. '.repeat(850),
  history: Array.from({ length: 500 }, (_, index) => `/pages/${index}/that-were-visited`),
}
