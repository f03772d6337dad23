#!/usr/bin/env node
import { parseArgs } from 'node:util'

parseArgs()
