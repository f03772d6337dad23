import { FIREFOX_PRODUCT } from './browser.ts'
import { examine } from './suite.ts'

examine(FIREFOX_PRODUCT)
