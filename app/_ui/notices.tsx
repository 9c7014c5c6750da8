"use client";

import { Button } from "@heroui/react";
import { CircleAlert, type LucideIcon, TriangleAlert, WifiOff } from "lucide-react";
import type { ReactNode } from "react";
import { toApiProblem } from "../_lib/api-problem.ts";
import { classNames } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";

interface EmptyStateProps {
	icon: LucideIcon;
	title: string;
	children?: ReactNode;
	action?: ReactNode;
}

/** Nothing here yet, or nothing that matches: says why and what to do. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
	return (
		<div className="flex flex-col items-center px-6 py-14 text-center">
			<span className="mb-4 grid size-11 place-items-center rounded-xl border border-border bg-surface-secondary text-muted">
				<Icon aria-hidden className="size-5" />
			</span>
			<h2 className="text-base font-semibold">{title}</h2>
			{children !== undefined && (
				<div className="mt-1.5 max-w-md text-sm text-pretty text-muted">{children}</div>
			)}
			{action !== undefined && <div className="mt-5 flex flex-wrap gap-2">{action}</div>}
		</div>
	);
}

/** A request id to copy, for the control plane's operator. */
export function RequestId({ id }: { id: string | null }) {
	if (id === null) return null;
	return (
		<p className="mt-1 flex flex-wrap items-center gap-1 text-xs text-muted">
			Request ID <code className="font-mono">{id}</code>
			<CopyButton text={id} label="Copy request id" />
		</p>
	);
}

interface ProblemProps {
	/** What didn't work: "Caches couldn't be loaded". */
	title: string;
	error: unknown;
	onRetry?: () => void;
}

/** A failed load, shown in place of the content: cause, effect, next step, request id. */
export function ProblemState({ title, error, onRetry }: ProblemProps) {
	const problem = toApiProblem(error);
	const Icon = problem.code === "unreachable" ? WifiOff : CircleAlert;
	return (
		<div role="alert" className="flex flex-col items-center px-6 py-12 text-center">
			<span className="mb-4 grid size-11 place-items-center rounded-xl bg-danger-soft text-danger-soft-foreground">
				<Icon aria-hidden className="size-5" />
			</span>
			<h2 className="text-base font-semibold">{title}</h2>
			<p className="mt-1.5 max-w-lg text-sm text-pretty text-muted">{problem.message}</p>
			<RequestId id={problem.requestId} />
			{onRetry !== undefined && (
				<Button variant="outline" className="mt-5" onPress={onRetry}>
					Try again
				</Button>
			)}
		</div>
	);
}

interface BannerProps {
	tone: "danger" | "warning" | "accent" | "neutral";
	title?: ReactNode;
	icon?: LucideIcon;
	children?: ReactNode;
	action?: ReactNode;
	/** Read out when it appears. */
	alerts?: boolean;
}

const BANNER_TONES = {
	danger: "border-danger/30 bg-danger-soft text-danger-soft-foreground",
	warning: "border-warning/30 bg-warning-soft text-warning-soft-foreground",
	accent: "border-accent/30 bg-accent-soft text-accent-soft-foreground",
	neutral: "border-border bg-surface-secondary text-muted",
};

/** A message above the content that it concerns. */
export function Banner({ tone, title, icon, children, action, alerts = false }: BannerProps) {
	const Icon = icon ?? (tone === "danger" ? CircleAlert : TriangleAlert);
	return (
		<div
			role={alerts ? "alert" : undefined}
			className={classNames(
				"flex items-start gap-2.5 rounded-xl border px-3.5 py-3",
				BANNER_TONES[tone],
			)}
		>
			<Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
			<div className="min-w-0 flex-1 text-sm">
				{title !== undefined && <p className="font-semibold">{title}</p>}
				{children !== undefined && <div className="text-foreground">{children}</div>}
			</div>
			{action}
		</div>
	);
}

/** A failed action, above the form that it belongs to. */
export function ProblemBanner({ title, error }: Omit<ProblemProps, "onRetry">) {
	const problem = toApiProblem(error);
	return (
		<Banner tone="danger" title={title} alerts>
			<p>{problem.message}</p>
			<RequestId id={problem.requestId} />
		</Banner>
	);
}
