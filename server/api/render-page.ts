import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import { callTRPCProcedure } from "@trpc/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import { offerPageApi, type PageApi } from "../contract/page-api.ts";
import { appRouter } from "./trpc/router.ts";
import type { Context } from "./trpc/trpc.ts";

/** Renders the console. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const requests = new AsyncLocalStorage<PageApi | undefined>();
offerPageApi(() => requests.getStore());

/** Lets Next answer a request. The page reads its data through the API's procedures, with the rights of the request's session. */
export async function renderPage(
	pages: PageHandler,
	request: FastifyRequest,
	reply: FastifyReply,
	createContext: (request: FastifyRequest) => Promise<Context>,
): Promise<void> {
	// Most of what Next serves is files, which don't depend on who asks. The caller must be identified before Next
	// sees the request, because Next adds headers as a proxy does.
	const isFile = request.url.startsWith("/_next/");
	const context = isFile ? null : await createContext(request).catch(() => null);
	const api = context === null ? undefined : pageApi(context, pageUrl(request.url));
	for (const [name, value] of Object.entries(reply.getHeaders())) {
		if (value !== undefined) reply.raw.setHeader(name, value);
	}
	reply.hijack();
	await requests.run(api, () => pages(request.raw, reply.raw));
}

/** Without the parameter that Next adds when it fetches a page's parts for a click. */
function pageUrl(url: string): string {
	return url.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
}

function pageApi(context: Context, url: string): PageApi {
	return {
		isSignedIn: context.caller !== null,
		url,
		async query(path, input) {
			const output = await callTRPCProcedure({
				...{ router: appRouter, path, type: "query", batchIndex: 0, ctx: context },
				getRawInput: async () => input,
				signal: undefined,
			});
			// As it would arrive over HTTP.
			return JSON.parse(JSON.stringify(output));
		},
	};
}
