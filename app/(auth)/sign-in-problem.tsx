import { Banner } from "../_ui/notices.tsx";
import { AuthCard } from "./auth-card.tsx";

/** In place of a form that would send a password over a connection that anyone can read. */
export function SignInProblem({ problem }: { problem: string }) {
	return (
		<AuthCard title="Signing in isn't possible here">
			<Banner tone="danger" alerts>
				<p className="wrap-anywhere">{problem}</p>
			</Banner>
		</AuthCard>
	);
}
