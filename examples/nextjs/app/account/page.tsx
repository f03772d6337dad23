// Static: who may see it is decided in the proxy.
export default function Account() {
  return <main>Your account</main>
}
