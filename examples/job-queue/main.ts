import { connectCache, HttpError, serve, waitForReplicas } from "larder-examples-shared";
import { createMailQueue } from "./mail-queue.ts";

const client = connectCache();
const mails = createMailQueue(client, connectCache(), async (id, { to, subject }) => {
	console.log(`${id}: "${subject}" to ${to}`);
});

await serve("A queue of mails", {
	"PUT /mails/:id": async ({ parameters, body }) => {
		const { to, subject } = Object(body);
		if (typeof to !== "string" || typeof subject !== "string") {
			throw new HttpError(400, 'Give {"to": address, "subject": text}');
		}
		await mails.add(parameters.id ?? "", { to, subject });
		// Only then is the mail accepted.
		await waitForReplicas(client);
		return { status: 202, body: { id: parameters.id } };
	},
	"GET /mails/:id": async ({ parameters }) => {
		const state = await mails.find(parameters.id ?? "");
		if (state === null) throw new HttpError(404, "There is no such mail");
		return { body: { id: parameters.id, state } };
	},
	"GET /counts": async () => ({ body: await mails.counts() }),
});
