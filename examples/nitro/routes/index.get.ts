// routes/index.get.ts
import { defineHandler, html } from 'nitro/h3'
import { renderHome } from '../lib/pages'

export default defineHandler(({ context: { session } }) =>
  html(renderHome({ user: session.get('user'), messages: session.flash('notice') })),
)
