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
  09d25e094faa6ca2 192b9bdd22ab9ed4 80d42cfb1cd2462c dyhg93b0qyjfixfs aym1sysppbydfgzl
  603deb1015ca71be 2b7e151628aed2a6
  d41d8cd98f00b204 da39a3ee5e6b4b0d e3b0c44298fc1c14
  5f4dcc3b5aa765d6 5baa61e4c9b93f3f 5e884898da280471
  5ebe2294ecd0e0f0 e5e9fa1ba31ecd1a 2bb80d537b1da3e3
  098f6bcd4621d373 a94a8fe5ccb19ba6 9f86d081884c7d65
  21232f297a57a5a7 d033e22ae348aeb5 8c6976e5b5410415
  e10adc3949ba59ab 7c4a8d09ca3762af 8d969eef6ecad3c2
  4cb9c8a8048fd022 fa9beb99e4029ad5 057ba03d6c441048
  5d41402abc4b2a76 aaf4c61ddcc5e8a2 2cf24dba5fb0a30e
  eyjhbgcioi 14159265358979 71828182845904`)

/** Words of templates, passwords, and rows of a keyboard. Four letters or more: shorter ones tell nothing. */
export const WORDS: readonly string[] = listWords(`
  admin application auth backend base64 baseball battery bits bytes cafebabe change character client
  complex cookie correct cryptic deadbeef default demo development django dolor dragon dummy encrypt
  example express feedface foobar football from generate hash hello here horse hunter2 iloveyou insecure
  into ipsum keep laravel least length letmein local localhost login long lorem master minimum monkey must
  myapp need never next nextauth null nuxt oauth object only openssl passphrase password phrase
  placeholder please private process production public qwerty qwertyuiop rails rand random remix replace
  salt sample secret secure security server session shadow should signing staple string strong super test
  that thirty this token todo undefined user value very welcome with world your zero
  asdfghjkl zxcvbnm 1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik9 zaq1 xsw2 cde3 vfr4 bgt5 nhy6 mju7 1q2w 3e4r
  5t6y`)

/** Characters that are written in place of letters. */
export const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'i'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
  ['@', 'a'],
  ['$', 's'],
  ['!', 'i'],
])

function listWords(words: string): string[] {
  return words.trim().split(/\s+/)
}
