import { title } from './session.js'

document.title = title
