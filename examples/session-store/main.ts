import { randomBytes } from "node:crypto";
import { connectCache } from "larder-examples-shared";
import { createShop } from "./shop.ts";

const { SESSION_SECRET, PORT = "8080" } = process.env;
if (SESSION_SECRET === undefined) {
	console.log("SESSION_SECRET isn't set: sessions end with this process.");
}
const shop = createShop(connectCache(), SESSION_SECRET ?? randomBytes(32).toString("hex"));
shop.listen(Number(PORT), "127.0.0.1", (error) => {
	if (error) throw error;
	console.log(`A shop: http://127.0.0.1:${PORT}`);
});
