// The CDK records where each construct was made. Jest keeps a hundred frames of every stack and looks each up in a source
// map, which a synthesis spends a good part of its time on; these are as many as Node keeps.
Error.stackTraceLimit = 10;
