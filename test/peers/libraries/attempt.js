/** What a library does, a failure included: that is an answer too. */
export async function attempt(act) {
  try {
    return { data: await act() }
  } catch (error) {
    return { error }
  }
}
