// The CDK records where each construct was made, which takes a tenth of a synthesis: jest looks each frame up in a source map.
process.env.CDK_CONTEXT_JSON = JSON.stringify({
  'aws:cdk:disable-stack-trace': true,
  'aws:cdk:disable-creation-stack-traces': true,
});
// Jest keeps a hundred frames of every other stack, too; these are as many as Node keeps.
Error.stackTraceLimit = 10;
