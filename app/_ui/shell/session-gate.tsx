"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useEffect } from "react";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { loginPath } from "../../_lib/next-path.ts";
import { useMe } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ProblemState } from "../notices.tsx";
import { BlockSkeleton } from "../skeletons.tsx";

/** Shows pages to those who are signed in, and takes everybody else to the login form. */
export function SessionGate({ children }: { children: ReactNode }) {
	const router = useRouter();
	const { data, error, refetch } = useMe();
	const isSignedOut = error !== null && toApiProblem(error).code === "unauthenticated";

	useEffect(() => {
		if (!isSignedOut) return;
		router.replace(loginPath(`${window.location.pathname}${window.location.search}`));
	}, [isSignedOut, router]);

	if (isSignedOut || (data === undefined && error === null)) return <PageSkeleton />;
	if (data === undefined) {
		return (
			<ProblemState
				title="The console can't be loaded"
				error={error}
				onRetry={() => void refetch()}
			/>
		);
	}
	return children;
}

export function PageSkeleton() {
	return (
		<div className="flex flex-col gap-5 pt-1">
			<BlockSkeleton className="h-8 max-w-52" label="Loading" />
			<BlockSkeleton className="h-72" />
		</div>
	);
}

/** Whether the first administrator still has to be made. */
export function useSetupRequired(): boolean | null {
	const trpc = useTRPC();
	const { data } = useQuery(trpc.account.setupStatus.queryOptions());
	return data?.required ?? null;
}
