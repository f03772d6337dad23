import type { NextConfig } from 'next'

const config: NextConfig = {
  // The repository around this example has a lock file too.
  turbopack: { root: import.meta.dirname },
}

export default config
