import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const MAX_BODY_BYTES = 100_000;

export interface Answer {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** Sent as JSON; a string as HTML. */
	readonly body: unknown;
}

/** Answers a request. Null: the route has answered by itself, and keeps the connection. */
export type Route = (request: {
	/** What the pattern's `:name` parts matched, and the query. */
	readonly parameters: Readonly<Record<string, string>>;
	/** The body, parsed as JSON; undefined if there is none. */
	readonly body: unknown;
	readonly raw: IncomingMessage;
	readonly response: ServerResponse;
}) => Promise<Answer | null> | Answer | null;

/** Thrown by a route for a request that it can't fulfil. */
export class HttpError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** Serves routes such as `GET /players/:name` on PORT (default 8080) of 127.0.0.1. Prints the address. */
export async function serve(title: string, routes: Readonly<Record<string, Route>>): Promise<void> {
	const compiled = Object.entries(routes).map(([pattern, route]) => {
		const [method = "GET", path = "/"] = pattern.split(" ");
		const source = path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)");
		return { method, path: new RegExp(`^${source}$`), route };
	});
	const server = createServer((request, response) => {
		void respond(compiled, request, response);
	});
	const port = Number(process.env.PORT ?? 8080);
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	console.log(`${title}: http://127.0.0.1:${port}`);
}

async function respond(
	routes: readonly { method: string; path: RegExp; route: Route }[],
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	try {
		const url = new URL(request.url ?? "/", "http://localhost");
		for (const { method, path, route } of routes) {
			const match = path.exec(url.pathname);
			if (method !== request.method || match === null) continue;
			const parts = Object.entries(match.groups ?? {});
			const parameters = Object.fromEntries([
				...url.searchParams,
				...parts.map(([name, value]) => [name, decoded(value)]),
			]);
			const body = await readBody(request);
			const answer = await route({ parameters, body, raw: request, response });
			if (answer !== null) send(response, answer);
			return;
		}
		throw new HttpError(404, `There is no ${request.method} ${url.pathname}`);
	} catch (error) {
		const status = error instanceof HttpError ? error.status : 500;
		if (status === 500) console.error(error);
		const message = error instanceof HttpError ? error.message : "Something failed; see the log.";
		if (!response.headersSent) send(response, { status, body: { error: message } });
	}
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		throw new HttpError(400, "The address is malformed");
	}
}

async function readBody(request: IncomingMessage): Promise<unknown> {
	let text = "";
	for await (const chunk of request) {
		text += String(chunk);
		if (text.length > MAX_BODY_BYTES) throw new HttpError(413, "The body is too long");
	}
	if (text === "") return undefined;
	try {
		return JSON.parse(text);
	} catch {
		throw new HttpError(400, "The body must be JSON");
	}
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
	const isPage = typeof body === "string";
	const type = isPage ? "text/html; charset=utf-8" : "application/json";
	response.writeHead(status, { "content-type": type, ...headers });
	response.end(isPage ? body : `${JSON.stringify(body)}\n`);
}
