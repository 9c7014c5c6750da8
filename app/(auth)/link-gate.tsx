import type { ReactNode } from "react";
import { toApiProblem } from "../_lib/api-problem.ts";
import { ButtonLink } from "../_ui/button-link.tsx";
import { useSetupStatus } from "../_ui/shell/session-gate.tsx";
import { BlockSkeleton } from "../_ui/skeletons.tsx";
import { AuthCard } from "./auth-card.tsx";
import { SignInProblem } from "./sign-in-problem.tsx";

interface LinkGateProps<Found> {
	title: string;
	/** The title when the link doesn't work. */
	ended: string;
	token: string;
	/** What the control plane knows about the link. */
	link: { data: Found | undefined; isError: boolean; error: unknown };
	children: (found: Found) => ReactNode;
}

/** Shows the form that a one-time link leads to, or says why the link doesn't work. */
export function LinkGate<Found>({ title, ended, token, link, children }: LinkGateProps<Found>) {
	const setup = useSetupStatus();
	if (setup !== null && setup.signInProblem !== null) {
		return <SignInProblem problem={setup.signInProblem} />;
	}
	if (token === "" || link.isError) {
		return (
			<AuthCard
				title={ended}
				description={
					token === ""
						? "The link is incomplete. Copy all of it, including everything after “token=”."
						: toApiProblem(link.error).message
				}
			>
				<ButtonLink href="/login" className="w-full">
					Sign in
				</ButtonLink>
			</AuthCard>
		);
	}
	if (link.data === undefined) {
		return (
			<AuthCard title={title}>
				<BlockSkeleton className="h-56" label="Loading" />
			</AuthCard>
		);
	}
	return children(link.data);
}
