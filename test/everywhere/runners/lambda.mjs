// Calls a function as API Gateway does, for a browser that visits twice, follows a link to the logout, logs
// out and visits again. Prints the answers.

const { handler } = await import(process.argv[2])

const answers = []
let cookies = ['theme=dark']
for (const question of ['GET /', 'GET /', 'GET /logout', 'POST /logout', 'GET /']) {
  const [method, path] = question.split(' ')
  const {
    statusCode,
    body = '',
    cookies: lines = [],
  } = await handler(eventOf(method, path, cookies))
  if (lines.length > 0) {
    const kept = lines.filter((line) => !line.includes('Max-Age=0'))
    cookies = ['theme=dark', ...kept.map((line) => line.split(';', 1).join())]
  }
  answers.push([statusCode, body, lines.length])
}
console.log(JSON.stringify(answers))

function eventOf(method, path, cookies) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: 'a=1&a=2',
    cookies,
    headers: {
      accept: 'text/html',
      'content-length': '0',
      host: 'abc123.execute-api.eu-central-1.amazonaws.com',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    queryStringParameters: { a: '1,2' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      domainName: 'abc123.execute-api.eu-central-1.amazonaws.com',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '10/Mar/2026:12:00:00 +0000',
      timeEpoch: 1773144000000,
    },
    isBase64Encoded: false,
  }
}
