/** Returns the result of a library, or its failure, because that is a result too. */
export async function attempt(act) {
  try {
    return { data: await act() }
  } catch (error) {
    return { error }
  }
}
