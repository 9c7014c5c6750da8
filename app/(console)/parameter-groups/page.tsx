import type { Metadata } from "next";
import { ParameterGroupList } from "./parameter-group-list.tsx";

export const metadata: Metadata = { title: "Parameter groups" };

export default function ParameterGroupsPage() {
	return <ParameterGroupList />;
}
