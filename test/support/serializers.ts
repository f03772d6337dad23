// The serializers under which every kind of content is stored and read again.

import * as devalue from 'devalue'
import superjson from 'superjson'
import type { SessionSerializer } from 'sealed-session'

export const SERIALIZERS: [string, SessionSerializer | undefined][] = [
  ['strict JSON', undefined],
  ['JSON', JSON],
  ['devalue', devalue],
  ['superjson', superjson],
]
