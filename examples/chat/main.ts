import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectCache, HttpError, serve, waitForReplicas } from "larder-examples-shared";
import { Rooms } from "./rooms.ts";

const client = connectCache();
const rooms = new Rooms(client, connectCache());
const page = readFileSync(join(import.meta.dirname, "page.html"), "utf8");

await serve("A chat", {
	"GET /": () => ({ body: page }),
	"POST /rooms/:room": async ({ parameters, body }) => {
		const { id, author, text } = Object(body);
		if (![id, author, text].every((part) => typeof part === "string" && part !== "")) {
			throw new HttpError(400, 'Give {"id": unique text, "author": name, "text": text}');
		}
		const at = await rooms.post(parameters.room ?? "", id, author, text);
		// Only then does the sender hear that it was sent.
		await waitForReplicas(client);
		return { status: 201, body: { at } };
	},
	"GET /rooms/:room": async ({ parameters }) => ({
		body: await rooms.read(parameters.room ?? "", parameters.after ?? "0"),
	}),
	"GET /rooms/:room/live": async ({ parameters, raw, response }) => {
		response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		response.write(": here they come\n\n");
		const left = new AbortController();
		response.on("close", () => left.abort());
		// A browser that connects again says which it had last.
		const last = raw.headers["last-event-id"] ?? parameters.after ?? "0";
		void rooms.follow(
			parameters.room ?? "",
			String(last),
			(message) => response.write(`id: ${message.at}\ndata: ${JSON.stringify(message)}\n\n`),
			left.signal,
		);
		return null;
	},
});
