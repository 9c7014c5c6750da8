"use client";

import type { LucideIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { isMissing } from "../_lib/api-problem.ts";
import { EmptyState, ProblemBanner, ProblemState } from "./notices.tsx";
import { PageHeader } from "./page-header.tsx";
import { Panel } from "./panel.tsx";
import { pageHeadAt } from "./shell/page-heads.ts";
import { PageSkeleton } from "./shell/session-gate.tsx";

interface Query<Data> {
	data: Data | undefined;
	error: unknown;
	isError: boolean;
	isPending: boolean;
	refetch: () => Promise<unknown>;
}

interface DetailFrameProps<Data> {
	/** What the page shows, as its messages name it. */
	name: string;
	query: Query<Data>;
	/** Shown if there is no such thing. `wasHere` says that this page has shown it before. */
	missing: (wasHere: boolean) => ReactNode;
	children: (data: Data) => ReactNode;
}

/** The page of one thing: shown once it has loaded, and with a note while it isn't up to date. */
export function DetailFrame<Data>({ name, query, missing, children }: DetailFrameProps<Data>) {
	const { data, error, isError } = query;
	if (isError && isMissing(error)) {
		return <Missing wasHere={data !== undefined}>{missing}</Missing>;
	}
	if (query.isPending) return <PageSkeleton />;
	if (data === undefined) return <LoadFailure name={name} query={query} />;
	return (
		<>
			{isError && (
				<div className="mb-4">
					<ProblemBanner title="This page isn't up to date" error={error} />
				</div>
			)}
			{children(data)}
		</>
	);
}

interface MissingProps {
	wasHere: boolean;
	children: (wasHere: boolean) => ReactNode;
}

/** Keeps what was true when the thing was first found missing: the message stays while the page is open. */
function Missing({ wasHere, children }: MissingProps) {
	const [first] = useState(wasHere);
	return children(first);
}

interface LoadFailureProps {
	name: string;
	query: Pick<Query<unknown>, "error" | "refetch">;
}

export function LoadFailure({ name, query }: LoadFailureProps) {
	return (
		<Panel flush>
			<ProblemState
				title={`${name} couldn't be loaded`}
				error={query.error}
				onRetry={() => void query.refetch()}
			/>
		</Panel>
	);
}

interface MissingPageProps {
	/** The page's own address. */
	path: string;
	icon: LucideIcon;
	title: string;
	action: ReactNode;
	children: ReactNode;
}

/** A page whose thing doesn't exist: says so, and where to go from here. */
export function MissingPage({ path, icon, title, action, children }: MissingPageProps) {
	return (
		<>
			<PageHeader {...pageHeadAt(path)} />
			<Panel flush>
				<EmptyState icon={icon} title={title} action={action}>
					{children}
				</EmptyState>
			</Panel>
		</>
	);
}
