"use client";

import { useQuery } from "@tanstack/react-query";
import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, useEffect } from "react";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { loginPath } from "../../_lib/next-path.ts";
import { useMe } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useIsInBrowser } from "../../_lib/use-is-in-browser.ts";
import { ProblemState } from "../notices.tsx";
import { PageHeader } from "../page-header.tsx";
import { BlockSkeleton } from "../skeletons.tsx";
import { pageHeadAt } from "./page-heads.ts";

/**
 * Shows the login form to people who aren't signed in. A page doesn't wait until it knows who is signed in: it asks
 * for its data at the same time, and the API gives none to strangers.
 */
export function SessionGate({ children }: { children: ReactNode }) {
	const router = useRouter();
	const { data, error, refetch } = useMe();
	const isInBrowser = useIsInBrowser();
	const isSignedOut = error !== null && toApiProblem(error).code === "unauthenticated";

	useEffect(() => {
		if (!isSignedOut) return;
		router.replace(loginPath(`${window.location.pathname}${window.location.search}`));
	}, [isSignedOut, router]);

	if (isSignedOut || (data === undefined && !isInBrowser)) return <PageOpening />;
	if (data === undefined && error !== null) {
		return (
			<ProblemState
				title="The console couldn't be loaded"
				error={error}
				onRetry={() => void refetch()}
			/>
		);
	}
	return children;
}

/** For a page that begins with what the browser has stored. */
export function InBrowser({ children }: { children: ReactNode }) {
	return useIsInBrowser() ? children : <PageOpening />;
}

/** What a page shows until its code and data have loaded: its heading, and space for the rest. */
function PageOpening() {
	return (
		<>
			<PageHeader {...pageHeadAt(usePathname())} />
			<BlockSkeleton className="h-72" label="Loading" />
		</>
	);
}

export function PageSkeleton() {
	return (
		<div className="flex flex-col gap-5 pt-1">
			<BlockSkeleton className="h-8 max-w-52" label="Loading" />
			<BlockSkeleton className="h-72" />
		</div>
	);
}

/** Whether the first administrator is still missing, and whether this connection allows signing in. */
export function useSetupStatus() {
	const trpc = useTRPC();
	const { data } = useQuery(trpc.account.setupStatus.queryOptions());
	return data ?? null;
}
