// Texts that a guesser tries first.

/**
 * Letters and digits that no secret holds by chance: what documentation prints where a secret belongs; the
 * beginnings of secrets that are published (by FastAPI, Flask, h3, CakePHP, RFC 7515, SP 800-38A); of MD5,
 * SHA-1 and SHA-256 hashes of the empty string and of seven common passwords; of JSON Web Tokens; and of pi
 * and e. A random secret holds one of them less than once in 10^9, because the shortest have eight letters.
 */
export const PUBLISHED: readonly string[] = listWords(`
  changeme changethis replaceme replacewith replacethis yoursecret yourpassword yourkeyhere supersecret
  secretkey placeholder complexpassword atleast32 keyboardcat opensslrand randomlygenerated
  somerandomstring thisisasecret thisismyscret notasecret notsosecret correcthorsebatterystaple
  loremipsum quickbrownfox djangoinsecure tobemodified donotuse notforproduction objectobject
  undefinedundefined
  09d25e094fa 192b9bdd22a 80d42cfb1cd dyhg93b0qyj aym1sysppby
  603deb1015c 2b7e151628a
  d41d8cd98f0 da39a3ee5e6 e3b0c44298f
  5f4dcc3b5aa 5baa61e4c9b 5e884898da2
  5ebe2294ecd e5e9fa1ba31 2bb80d537b1
  098f6bcd462 a94a8fe5ccb 9f86d081884
  21232f297a5 d033e22ae34 8c6976e5b54
  e10adc3949b 7c4a8d09ca3 8d969eef6ec
  4cb9c8a8048 fa9beb99e40 057ba03d6c4
  5d41402abc4 aaf4c61ddcc 2cf24dba5fb
  eyjhbgcioi 1415926535 7182818284`)

/** Words of templates and passwords, or their stems. Four letters or more: shorter ones tell nothing. */
export const WORDS: readonly string[] = listWords(`
  admin appl auth back ball base battery bits byte cafebabe change character client complex cookie correct
  crypt deadbeef default demo development django dolor dragon dummy example express feedface foobar foot
  from generate hash hello here holder horse host hunter2 iloveyou into ipsum keep laravel least length
  letmein local login long lorem master minimum monkey must myapp need never next null nuxt object only
  openssl pass phrase place please private process produc public rails rand remix replace salt sample
  secret secure security server session shadow should sign staple string strong super test that thirty
  this token todo undefined user value very welcome with word world your zero`)

/** The rows of a keyboard, its columns, and both together. */
export const KEYBOARD =
  'qwertyuiop asdfghjkl zxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p zaq1xsw2cde3vfr4bgt5nhy6mju7 1q2w3e4r5t6y7u8i9o0p'

/** Characters that are written in place of letters, and the letter of each. */
export const LOOKALIKES = '013457@$!'
export const LETTERS = 'oieastasi'

/** To be searched for one by one: compiling a regular expression of them all takes longer than that. */
function listWords(words: string): string[] {
  return words.trim().split(/\s+/)
}
