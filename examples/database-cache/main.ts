import { connectCache, HttpError, serve } from "larder-examples-shared";
import pg from "pg";
import { createCatalog } from "./catalog.ts";

const { DATABASE_URL } = process.env;
if (DATABASE_URL === undefined) {
	console.error("Set DATABASE_URL, such as postgresql://user:password@127.0.0.1:5432/shop");
	process.exit(2);
}
const client = connectCache();
const pool = new pg.Pool({ connectionString: DATABASE_URL });
const catalog = await createCatalog({
	...{ client, pool },
	async connectFeed() {
		const connection = new pg.Client({ connectionString: DATABASE_URL });
		await connection.connect();
		return connection;
	},
});

await serve("A catalog before PostgreSQL", {
	"GET /products/:id": async ({ parameters }) => {
		const product = await catalog.find(parameters.id ?? "");
		if (product === undefined) throw new HttpError(404, "There is no such product");
		return { body: product };
	},
	"GET /products": async ({ parameters }) => {
		const ids = (parameters.ids ?? "").split(",").filter((id) => id !== "");
		return { body: [...(await catalog.findMany(ids)).values()] };
	},
	"PUT /products/:id": async ({ parameters, body }) => {
		const { name, cents } = Object(body);
		if (typeof name !== "string" || !Number.isSafeInteger(cents) || cents < 0) {
			throw new HttpError(400, 'Give {"name": text, "cents": whole number}');
		}
		return { body: await catalog.save({ id: parameters.id ?? "", name, cents }) };
	},
	"GET /stats": () => ({ body: catalog.stats() }),
});
