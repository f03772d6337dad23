import { useBase } from 'h3-1'
import { createShopRouter } from '../../scenario/h3-1-routes.ts'

export default useBase('/', createShopRouter(process.env['UPSTREAM'] ?? '').handler)
