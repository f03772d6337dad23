import * as srvx from 'srvx-0.11'
import { describe } from 'vitest'
import { examine } from './srvx.ts'

describe('srvx 0.11', () => examine(srvx))
