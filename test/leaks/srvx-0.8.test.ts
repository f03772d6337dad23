import * as srvx from 'srvx-0.8'
import { describe } from 'vitest'
import { examine } from './srvx.ts'

describe('srvx 0.8', () => examine(srvx))
