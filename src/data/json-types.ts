// What strict JSON would change or lose, at the level of types. No code at run time.

import type { SessionSerializer } from './serialize.ts'

/**
 * The types in `T` that strict JSON would change: the methods of dates, maps and other instances,
 * and other types themselves. `never` if there are none. Looks six levels deep, because types may
 * be recursive.
 */
export type ChangedByJson<T, Levels extends readonly unknown[] = []> = unknown extends T
  ? never
  : T extends string | number | boolean | null | undefined
    ? never
    : T extends bigint | symbol | ((...given: never[]) => unknown)
      ? T
      : Levels['length'] extends 6
        ? never
        : T extends readonly (infer Item)[]
          ? ChangedByJson<Item, [...Levels, 0]>
          : { [K in keyof T]-?: ChangedByJson<T[K], [...Levels, 0]> }[keyof T]

/** Required for data that JSON would change. */
export interface SerializerForThisData {
  /** JSON cannot hold all of this data: use `devalue` or `superjson`, or store strings and numbers. */
  readonly serializer: SessionSerializer
}

/** The members that the options must also have for this data. */
export type RequiredFor<Data> = [ChangedByJson<Data>] extends [never]
  ? unknown
  : SerializerForThisData
