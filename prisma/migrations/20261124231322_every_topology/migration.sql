-- AlterTable. What exists is from before cluster mode: one shard, Valkey 9's default parameters, no endpoint ports
-- (its nodes listen where clients connected, and the reconciler gives it endpoint ports).
ALTER TABLE "Cache" ADD COLUMN     "deletionProtection" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "discoveryNodeIds" JSONB,
ADD COLUMN     "discoveryVersion" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "nodeCount" INTEGER,
ADD COLUMN     "nodeCpuMillis" INTEGER NOT NULL DEFAULT 200,
ADD COLUMN     "nodeMemoryBytes" BIGINT NOT NULL DEFAULT 536870912,
ADD COLUMN     "nodeVcpus" INTEGER NOT NULL DEFAULT 2,
ADD COLUMN     "parameterGroup" TEXT NOT NULL DEFAULT 'default.valkey9',
ADD COLUMN     "readerPort" INTEGER,
ADD COLUMN     "routeRevision" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "shardCount" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "zones" JSONB;
UPDATE "Cache" SET "nodeCpuMillis" = 400, "nodeMemoryBytes" = 1471026299 WHERE "nodeType" = 'cache.t4g.small';
UPDATE "Cache" SET "nodeCpuMillis" = 400, "nodeMemoryBytes" = 3317862236 WHERE "nodeType" = 'cache.t4g.medium';
ALTER TABLE "Cache" ALTER COLUMN "parameterGroup" DROP DEFAULT,
ALTER COLUMN "nodeCpuMillis" DROP DEFAULT,
ALTER COLUMN "nodeMemoryBytes" DROP DEFAULT,
ALTER COLUMN "nodeVcpus" DROP DEFAULT,
ALTER COLUMN "shardCount" DROP DEFAULT;
UPDATE "Cache" SET "port" = NULL, "portRequested" = false;
UPDATE "Cache" SET "parameterGroup" = 'default.valkey8' WHERE "engineVersion" LIKE '8%';

-- AlterTable. The types of before were all burstable. The raised generation has hosts write the gateway's user.
ALTER TABLE "Node" ADD COLUMN     "cpuMillis" INTEGER NOT NULL DEFAULT 200,
ADD COLUMN     "reboot" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "rebootPending" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "vcpus" INTEGER NOT NULL DEFAULT 2;
ALTER TABLE "Node" ALTER COLUMN "cpuMillis" DROP DEFAULT,
ALTER COLUMN "vcpus" DROP DEFAULT;
UPDATE "Node" SET "cpuMillis" = 400 WHERE "memoryBytes" > 1073741824;
UPDATE "Node" SET "generation" = "generation" + 1;
-- Observations of before lack fields, and hosts report anew at once.
UPDATE "Node" SET "observation" = NULL;
UPDATE "Host" SET "revision" = "revision" + 1;

-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "limits" TEXT NOT NULL DEFAULT 'none';

-- AlterTable
ALTER TABLE "ControlPlane" ADD COLUMN     "routeRevision" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "ParameterGroup" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "parameters" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ParameterGroup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "NodeType" (
    "name" TEXT NOT NULL,
    "vcpus" INTEGER NOT NULL,
    "memoryBytes" BIGINT NOT NULL,
    "cpuMillis" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "NodeType_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "ReleasedPort" (
    "hostId" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "cacheName" TEXT NOT NULL,
    "releasedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "ReleasedPort_pkey" PRIMARY KEY ("hostId","port")
);

-- CreateIndex
CREATE UNIQUE INDEX "ParameterGroup_name_key" ON "ParameterGroup"("name");

-- CreateIndex
CREATE INDEX "ReleasedPort_releasedAt_idx" ON "ReleasedPort"("releasedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Cache_port_key" ON "Cache"("port");

-- CreateIndex
CREATE UNIQUE INDEX "Cache_readerPort_key" ON "Cache"("readerPort");

-- CreateIndex
CREATE INDEX "Cache_parameterGroup_idx" ON "Cache"("parameterGroup");
