// The theme of VitePress with the colours of the playground.

import theme from 'vitepress/theme'
// oxlint-disable-next-line import/no-unassigned-import -- Vite adds the style to the site
import './style.css'

export default theme
