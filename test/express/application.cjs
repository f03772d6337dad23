// A shop, written for express-session with Passport, flash messages and CSRF tokens. It prints the port
// that it listens on.

'use strict'

const { ensureLoggedIn } = require('connect-ensure-login')
const flash = require('connect-flash')
const { csrfSync } = require('csrf-sync')
const express = require('express')
const passport = require('passport')
const { Strategy } = require('passport-local')

const PRICES = { apple: 2, pear: 3 }

const users = new Map([
  ['ada', { id: 'ada', name: 'Ada', password: 'analytical' }],
  ['grace', { id: 'grace', name: 'Grace', password: 'compiler' }],
])
const orders = []

passport.use(
  new Strategy((username, password, done) => {
    const user = users.get(username)
    if (user === undefined) return done(null, false, { message: 'Unknown user' })
    if (user.password !== password) return done(null, false, { message: 'Wrong password' })
    return done(null, user)
  }),
)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, users.get(id) ?? false))

const { csrfSynchronisedProtection, generateToken } = csrfSync({
  getTokenFromRequest: (request) => request.body.csrf,
})

const app = express()
app.use(express.urlencoded({ extended: false }))
// prettier-ignore
app.use(require('express-session')({ secret: process.env.SECRET, resave: false, saveUninitialized: false }))
app.use(flash())
app.use(passport.session())
app.use(csrfSynchronisedProtection)

// Locals of every page: the user, the cart, the messages, and the token for its form.
app.use((request, response, next) => {
  response.page = (title, rest = {}) => {
    response.json({
      title,
      user: request.user?.name ?? null,
      cart: request.session.cart ?? {},
      messages: request.flash('info'),
      errors: request.flash('error'),
      csrf: generateToken(request),
      ...rest,
    })
  }
  next()
})

app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1
  response.page('Shop', { visits: request.session.visits, prices: PRICES })
})

app.post('/cart', (request, response) => {
  const { sku } = request.body
  if (!Object.hasOwn(PRICES, sku)) {
    request.flash('error', 'We have no %s', sku)
    return response.redirect('/')
  }
  request.session.cart ??= {}
  request.session.cart[sku] ??= { count: 0, note: undefined }
  request.session.cart[sku].count++
  request.flash('info', 'One %s in the cart', sku)
  return response.redirect('/cart')
})

app.post('/cart/remove', (request, response) => {
  delete request.session.cart?.[request.body.sku]
  if (Object.keys(request.session.cart ?? {}).length === 0) delete request.session.cart
  response.redirect('/cart')
})

app.get('/cart', (request, response) => {
  const cart = Object.entries(request.session.cart ?? {})
  const total = cart.reduce((sum, [sku, { count }]) => sum + PRICES[sku] * count, 0)
  response.page('Cart', { total })
})

app.get('/login', (request, response) => response.page('Sign in'))

app.post(
  '/login',
  passport.authenticate('local', {
    failureRedirect: '/login',
    failureFlash: true,
    keepSessionInfo: true,
  }),
  (request, response) => {
    const { returnTo = '/' } = request.session
    delete request.session.returnTo
    request.flash('info', 'Welcome, %s', request.user.name)
    request.session.save((error) => {
      if (error) throw error
      response.redirect(returnTo)
    })
  },
)

app.get('/checkout', ensureLoggedIn('/login'), (request, response) => response.page('Checkout'))

app.post('/checkout', ensureLoggedIn('/login'), (request, response, next) => {
  const { cart } = request.session
  if (cart === undefined) return next(new Error('the cart is empty'))
  const order = { number: orders.length + 1, user: request.user.id, cart }
  orders.push(order)
  delete request.session.cart
  request.session.orders = [...(request.session.orders ?? []), order.number]
  request.flash('info', 'Order %d is on its way', order.number)
  return response.redirect('/account')
})

app.get('/account', ensureLoggedIn('/login'), (request, response) => {
  response.page('Account', { orders: request.session.orders ?? [] })
})

app.post('/switch', ensureLoggedIn('/login'), (request, response, next) => {
  request.session.regenerate((error) => {
    if (error) return next(error)
    return request.login(users.get(request.body.username), (failure) =>
      failure ? next(failure) : response.redirect('/account'),
    )
  })
})

app.post('/logout', (request, response, next) => {
  request.logout((error) => {
    if (error) return next(error)
    request.flash('info', 'Good-bye')
    return response.redirect('/')
  })
})

app.post('/forget', (request, response, next) => {
  request.session.destroy((error) => {
    if (error) return next(error)
    return response.redirect('/')
  })
})

app.use((error, request, response, next) => {
  if (response.headersSent) return next(error)
  return response.status(error.statusCode ?? 500).send(String(error.message))
})

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
