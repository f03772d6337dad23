import { CHROMIUM_PRODUCT } from './browser.ts'
import { examine } from './suite.ts'

examine(CHROMIUM_PRODUCT)
