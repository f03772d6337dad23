#!/usr/bin/env node
// The command as a process.

import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2))
