import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { JsonHttp } from "./json-http.ts";

it("text from an engine's log is cleaned before it is sent", async () => {
	const server = createServer(async (request, response) => response.end(await text(request)));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const http = new JsonHttp();
	const answer = await http.post(new URL(`http://127.0.0.1:${port}/`), {
		body: { events: [{ message: "\u001b[1mbad\0 key \ud83e…", restarts: 2 }], facts: null },
		headers: {},
		signal: new AbortController().signal,
	});
	http.close();
	server.close();
	expect(answer.body).toEqual({
		events: [{ message: "�[1mbad� key �…", restarts: 2 }],
		facts: null,
	});
});
