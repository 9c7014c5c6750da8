import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import { createTRPCClient, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { createTRPCOptionsProxy, type TRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { connection } from "next/server";
import type { ReactNode } from "react";
import type { AppRouter } from "../../server/api/trpc/router.ts";
import { currentPageApi } from "../../server/contract/page-api.ts";

export interface Loader {
	trpc: TRPCOptionsProxy<AppRouter>;
	/** Keeps a query's answer for the page. A query that fails is left to the browser, which shows why. */
	load: QueryClient["prefetchQuery"];
	/** The same for a query whose answer decides which others follow. If it fails, those are left to the browser too. */
	read: QueryClient["fetchQuery"];
}

interface WithDataProps {
	/** Loads what the page's components will ask for, with exactly the same query options. */
	load: (loader: Loader) => Promise<unknown>;
	children: ReactNode;
}

/**
 * Renders a page with its data, so that the first paint shows it. Browsers take over the data with the page, and query
 * the API themselves from then on. Without a control plane around it, as during the build, a page is rendered without
 * data.
 */
export async function WithData({ load, children }: WithDataProps) {
	await connection();
	const queryClient = new QueryClient();
	const client = createTRPCClient<AppRouter>({ links: [withinProcess] });
	const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient });
	if (currentPageApi() !== undefined) {
		await load({
			trpc,
			load: (options) => queryClient.prefetchQuery(options),
			read: (options) => queryClient.fetchQuery(options),
		}).catch(() => undefined);
	}
	return <HydrationBoundary state={dehydrate(queryClient)}>{children}</HydrationBoundary>;
}

const withinProcess: TRPCLink<AppRouter> =
	() =>
	({ op }) =>
		observable((observer) => {
			const api = currentPageApi();
			if (api === undefined) throw new Error("pages read data in the control plane only");
			api.query(op.path, op.input).then(
				(data) => {
					observer.next({ result: { type: "data", data } });
					observer.complete();
				},
				(error) => observer.error(error),
			);
		});
