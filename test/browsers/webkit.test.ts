import { WEBKIT_PRODUCT } from './webkit.ts'
import { examine } from './suite.ts'

examine(WEBKIT_PRODUCT)
