// Made from crds/smartproxy.dev_smartroutes.yaml by "npm run generate"; edit that file.
import type { Schema } from '../schema.ts';

/** What `connection` may hold, wherever it stands. */
export const connectionSchema: Schema = {
  "type": "object",
  "properties": {
    "idleTimeout": {
      "type": "string",
      "maxLength": 32,
      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
      "x-kubernetes-validations": [
        {
          "rule": "duration(self) <= duration('596h')",
          "message": "a time of at most 596h"
        }
      ]
    },
    "maxLifetime": {
      "type": "string",
      "maxLength": 32,
      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
      "x-kubernetes-validations": [
        {
          "rule": "duration(self) <= duration('596h')",
          "message": "a time of at most 596h"
        }
      ]
    },
    "firstDataTimeout": {
      "type": "string",
      "maxLength": 32,
      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
      "x-kubernetes-validations": [
        {
          "rule": "duration(self) <= duration('596h')",
          "message": "a time of at most 596h"
        }
      ]
    },
    "keepAlive": {
      "type": "string",
      "enum": [
        "Standard",
        "Extended",
        "Immortal"
      ]
    },
    "whenRemoved": {
      "type": "string",
      "enum": [
        "Cut",
        "Drain"
      ]
    },
    "maxConnections": {
      "type": "integer",
      "minimum": 0,
      "maximum": 1000000000
    },
    "maxConnectionsPerAddress": {
      "type": "integer",
      "minimum": 0,
      "maximum": 1000000000
    }
  }
};

/** What `policy` may hold, wherever it stands. */
export const policySchema: Schema = {
  "type": "object",
  "properties": {
    "redirectToHttps": {
      "type": "boolean"
    },
    "timeouts": {
      "type": "object",
      "properties": {
        "connect": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('596h')",
              "message": "a time from 1ms to 596h"
            }
          ]
        },
        "read": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "send": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "tunnelIdle": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "request": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        }
      }
    },
    "maxRequestBody": {
      "type": "string",
      "maxLength": 16,
      "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi|Gi)|[1-9][0-9]{0,14})$"
    },
    "retries": {
      "type": "object",
      "properties": {
        "attempts": {
          "type": "integer",
          "minimum": 0,
          "maximum": 10
        },
        "conditions": {
          "type": "array",
          "minItems": 1,
          "maxItems": 2,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "enum": [
              "Reset",
              "Timeout"
            ]
          }
        },
        "statuses": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "integer",
            "minimum": 400,
            "maximum": 599
          }
        },
        "grpcStatuses": {
          "type": "array",
          "minItems": 1,
          "maxItems": 5,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "enum": [
              "CANCELLED",
              "DEADLINE_EXCEEDED",
              "RESOURCE_EXHAUSTED",
              "INTERNAL",
              "UNAVAILABLE"
            ]
          }
        },
        "nonIdempotent": {
          "type": "boolean"
        },
        "perTryTimeout": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1h')",
              "message": "a time from 100ms to 1h"
            }
          ]
        },
        "backOff": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1m')",
              "message": "a time from 100ms to 1m"
            }
          ]
        }
      }
    },
    "backend": {
      "type": "object",
      "properties": {
        "protocol": {
          "type": "string",
          "enum": [
            "HTTP",
            "HTTPS",
            "H2C",
            "H2"
          ]
        },
        "limits": {
          "type": "object",
          "properties": {
            "connections": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000000
            },
            "pendingRequests": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000000
            },
            "requests": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000000
            },
            "retryPercent": {
              "type": "integer",
              "minimum": 0,
              "maximum": 100
            }
          }
        },
        "outlierDetection": {
          "type": "object",
          "properties": {
            "consecutiveConnectFailures": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000
            },
            "consecutiveErrors": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000
            },
            "baseEjectionTime": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                  "message": "a time from 1s to 24h"
                }
              ]
            },
            "maxEjectionTime": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                  "message": "a time from 1s to 24h"
                }
              ]
            },
            "maxEjectionPercent": {
              "type": "integer",
              "minimum": 0,
              "maximum": 100
            }
          }
        },
        "healthCheck": {
          "type": "object",
          "required": [
            "type"
          ],
          "x-kubernetes-validations": [
            {
              "rule": "self.type == 'HTTP' || !(has(self.path) || has(self.statuses))",
              "message": "path and statuses go with HTTP"
            },
            {
              "rule": "self.type == 'GRPC' || !has(self.service)",
              "message": "service goes with GRPC"
            },
            {
              "rule": "self.type != 'TCP' || !has(self.host)",
              "message": "host goes with HTTP and GRPC"
            }
          ],
          "properties": {
            "type": {
              "type": "string",
              "enum": [
                "HTTP",
                "TCP",
                "GRPC"
              ]
            },
            "interval": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('500ms') && duration(self) <= duration('1h')",
                  "message": "a time from 500ms to 1h"
                }
              ]
            },
            "timeout": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1m')",
                  "message": "a time from 100ms to 1m"
                }
              ]
            },
            "unhealthyThreshold": {
              "type": "integer",
              "minimum": 1,
              "maximum": 100
            },
            "healthyThreshold": {
              "type": "integer",
              "minimum": 1,
              "maximum": 100
            },
            "port": {
              "type": "integer",
              "minimum": 1,
              "maximum": 65535
            },
            "path": {
              "type": "string",
              "minLength": 1,
              "maxLength": 1024,
              "pattern": "^/[!-~]*$"
            },
            "host": {
              "type": "string",
              "minLength": 1,
              "maxLength": 259,
              "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$"
            },
            "statuses": {
              "type": "array",
              "minItems": 1,
              "maxItems": 8,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 7,
                "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"
              }
            },
            "service": {
              "type": "string",
              "minLength": 1,
              "maxLength": 120,
              "pattern": "^[A-Za-z0-9_.-]+$"
            }
          }
        },
        "proxyProtocol": {
          "type": "object",
          "required": [
            "version"
          ],
          "x-kubernetes-validations": [
            {
              "rule": "!has(self.tlvs) || self.version == \"V2\"",
              "message": "TLVs go with version V2"
            }
          ],
          "properties": {
            "version": {
              "type": "string",
              "enum": [
                "V1",
                "V2"
              ]
            },
            "tlvs": {
              "type": "array",
              "maxItems": 5,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "enum": [
                  "ALPN",
                  "Authority",
                  "UniqueId",
                  "SSL",
                  "CRC32C"
                ]
              }
            }
          }
        },
        "tls": {
          "type": "object",
          "properties": {
            "serverName": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
            },
            "caRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "clientCertificateRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            }
          }
        }
      }
    },
    "headers": {
      "type": "object",
      "properties": {
        "request": {
          "type": "object",
          "properties": {
            "set": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": [
                "name"
              ],
              "items": {
                "type": "object",
                "required": [
                  "name",
                  "value"
                ],
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  },
                  "value": {
                    "type": "string",
                    "maxLength": 1024,
                    "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                  }
                }
              }
            },
            "add": {
              "type": "array",
              "maxItems": 16,
              "items": {
                "type": "object",
                "required": [
                  "name",
                  "value"
                ],
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  },
                  "value": {
                    "type": "string",
                    "maxLength": 1024,
                    "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                  }
                }
              }
            },
            "remove": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ]
              }
            }
          }
        },
        "response": {
          "type": "object",
          "properties": {
            "set": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": [
                "name"
              ],
              "items": {
                "type": "object",
                "required": [
                  "name",
                  "value"
                ],
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  },
                  "value": {
                    "type": "string",
                    "maxLength": 1024,
                    "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                  }
                }
              }
            },
            "add": {
              "type": "array",
              "maxItems": 16,
              "items": {
                "type": "object",
                "required": [
                  "name",
                  "value"
                ],
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  },
                  "value": {
                    "type": "string",
                    "maxLength": 1024,
                    "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                  }
                }
              }
            },
            "remove": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ]
              }
            }
          }
        }
      }
    },
    "cors": {
      "type": "object",
      "required": [
        "allowOrigins"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.allowCredentials) || !self.allowCredentials || !self.allowOrigins.exists(o, o == \"*\")",
          "message": "credentials need named origins"
        }
      ],
      "properties": {
        "allowOrigins": {
          "type": "array",
          "minItems": 1,
          "maxItems": 32,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "maxLength": 300,
            "pattern": "^(\\*|https?://(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$"
          }
        },
        "allowMethods": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "maxLength": 32,
            "pattern": "^[A-Z][-A-Z]*$"
          }
        },
        "allowHeaders": {
          "type": "array",
          "minItems": 1,
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
          }
        },
        "exposeHeaders": {
          "type": "array",
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
          }
        },
        "allowCredentials": {
          "type": "boolean"
        },
        "maxAge": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        }
      }
    },
    "clients": {
      "type": "object",
      "properties": {
        "allow": {
          "type": "array",
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 2,
            "maxLength": 49,
            "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
          }
        },
        "deny": {
          "type": "array",
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 2,
            "maxLength": 49,
            "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
          }
        }
      }
    },
    "satisfy": {
      "type": "string",
      "enum": [
        "All",
        "Any"
      ]
    },
    "compression": {
      "type": "object",
      "properties": {
        "algorithms": {
          "type": "array",
          "maxItems": 3,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "maxLength": 8,
            "enum": [
              "Gzip",
              "Brotli",
              "Zstd"
            ]
          }
        },
        "types": {
          "type": "array",
          "minItems": 1,
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "maxLength": 128,
            "pattern": "^[a-z0-9][-a-z0-9.+]*/(\\*|[a-z0-9][-a-z0-9.+]*)$"
          }
        },
        "minSize": {
          "type": "string",
          "maxLength": 16,
          "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi)|[1-9][0-9]{0,8})$"
        },
        "level": {
          "type": "string",
          "enum": [
            "Fast",
            "Balanced",
            "Best"
          ]
        }
      }
    },
    "maxRequestHeader": {
      "type": "string",
      "maxLength": 16,
      "pattern": "^[1-9][0-9]{0,2}(Ki|[0-9]{0,3})$"
    },
    "buffering": {
      "type": "object",
      "properties": {
        "request": {
          "type": "boolean"
        },
        "maxRequest": {
          "type": "string",
          "maxLength": 16,
          "pattern": "^([1-9][0-9]{0,3}Ki|([1-9]|[1-5][0-9]|6[0-4])Mi|[1-9][0-9]{0,6})$"
        },
        "answer": {
          "type": "boolean"
        },
        "maxAnswer": {
          "type": "string",
          "maxLength": 16,
          "pattern": "^([1-9][0-9]{0,3}Ki|([1-9]|[1-5][0-9]|6[0-4])Mi|[1-9][0-9]{0,6})$"
        }
      }
    },
    "accessLog": {
      "type": "boolean"
    },
    "mirror": {
      "type": "object",
      "required": [
        "backend"
      ],
      "properties": {
        "backend": {
          "type": "object",
          "required": [
            "name",
            "port"
          ],
          "properties": {
            "name": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
            },
            "namespace": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
            },
            "port": {
              "type": "object",
              "x-kubernetes-validations": [
                {
                  "rule": "has(self.name) != has(self.number)",
                  "message": "a port has either a name or a number"
                }
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                },
                "number": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65535
                }
              }
            }
          }
        },
        "percent": {
          "type": "integer",
          "minimum": 0,
          "maximum": 100
        },
        "maxBody": {
          "type": "string",
          "maxLength": 16,
          "pattern": "^(0|[1-9][0-9]{0,2}Ki|10[01][0-9]Ki|102[0-4]Ki|1Mi|[1-9][0-9]{0,5})$"
        }
      }
    },
    "errorPages": {
      "type": "array",
      "maxItems": 8,
      "items": {
        "type": "object",
        "required": [
          "statuses"
        ],
        "x-kubernetes-validations": [
          {
            "rule": "[has(self.text), has(self.configMapRef), has(self.backend)].exists_one(given, given)",
            "message": "an error page is one of a text, a ConfigMap and a backend"
          },
          {
            "rule": "!has(self.contentType) || !has(self.backend)",
            "message": "a contentType goes with a text or a ConfigMap"
          }
        ],
        "properties": {
          "statuses": {
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "integer",
              "minimum": 400,
              "maximum": 599
            }
          },
          "errorsOf": {
            "type": "string",
            "enum": [
              "All",
              "Proxy"
            ]
          },
          "text": {
            "type": "string",
            "maxLength": 4096
          },
          "contentType": {
            "type": "string",
            "maxLength": 256,
            "pattern": "^[!-~]([ -~]*[!-~])?$"
          },
          "configMapRef": {
            "type": "object",
            "required": [
              "name",
              "key"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
              },
              "key": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[-._a-zA-Z0-9]+$"
              }
            }
          },
          "backend": {
            "type": "object",
            "required": [
              "name",
              "port"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
              },
              "namespace": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "port": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "has(self.name) != has(self.number)",
                    "message": "a port has either a name or a number"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                  },
                  "number": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65535
                  }
                }
              }
            }
          }
        }
      }
    },
    "rateLimits": {
      "type": "array",
      "maxItems": 4,
      "items": {
        "type": "object",
        "required": [
          "requests",
          "per"
        ],
        "properties": {
          "requests": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "per": {
            "type": "string",
            "enum": [
              "Second",
              "Minute",
              "Hour"
            ]
          },
          "burst": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "key": {
            "type": "object",
            "required": [
              "type"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "has(self.header) == (self.type == 'Header')",
                "message": "a header goes with the type Header"
              }
            ],
            "properties": {
              "type": {
                "type": "string",
                "enum": [
                  "ClientAddress",
                  "Header",
                  "Everybody"
                ]
              },
              "header": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
              }
            }
          },
          "exempt": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 2,
              "maxLength": 49,
              "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
            }
          }
        }
      }
    },
    "maxRequests": {
      "type": "integer",
      "minimum": 0,
      "maximum": 1000000000
    },
    "maxRequestsPerAddress": {
      "type": "integer",
      "minimum": 0,
      "maximum": 1000000000
    },
    "maintenance": {
      "type": "object",
      "required": [
        "enabled"
      ],
      "properties": {
        "enabled": {
          "type": "boolean"
        },
        "allow": {
          "type": "array",
          "maxItems": 64,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 2,
            "maxLength": 49,
            "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
          }
        },
        "status": {
          "type": "integer",
          "minimum": 400,
          "maximum": 599
        },
        "retryAfter": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('1s') && duration(self) <= duration('596h')",
              "message": "a time from 1s to 596h"
            }
          ]
        },
        "contentType": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[!-~]+/[!-~]+(; ?[!-~]+)*$"
        },
        "body": {
          "type": "string",
          "maxLength": 4096
        }
      }
    },
    "auth": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "[has(self.none), has(self.basic), has(self.external), has(self.jwt), has(self.oidc)].filter(x, x).size() == 1",
          "message": "exactly one of none, basic, external, jwt and oidc must be set"
        }
      ],
      "properties": {
        "none": {
          "type": "object"
        },
        "basic": {
          "type": "object",
          "required": [
            "secretRef"
          ],
          "properties": {
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "secretType": {
              "type": "string",
              "enum": [
                "AuthFile",
                "AuthMap"
              ]
            },
            "realm": {
              "type": "string",
              "minLength": 1,
              "maxLength": 128,
              "pattern": "^[ !#-\\[\\]-~]+$"
            },
            "userHeader": {
              "type": "string",
              "minLength": 1,
              "maxLength": 256,
              "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
              "x-kubernetes-validations": [
                {
                  "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                  "message": "this header has another meaning"
                }
              ]
            },
            "forwardAuthorization": {
              "type": "boolean"
            }
          }
        },
        "external": {
          "type": "object",
          "x-kubernetes-validations": [
            {
              "rule": "has(self.url) != has(self.backend)",
              "message": "exactly one of url and backend must be set"
            },
            {
              "rule": "!has(self.caRef) || (has(self.url) && self.url.startsWith(\"https:\"))",
              "message": "caRef needs an https url"
            },
            {
              "rule": "!has(self.path) || has(self.backend)",
              "message": "path goes with backend; a url has its own"
            }
          ],
          "properties": {
            "url": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
            },
            "backend": {
              "type": "object",
              "required": [
                "name",
                "port"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                },
                "namespace": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                },
                "port": {
                  "type": "object",
                  "x-kubernetes-validations": [
                    {
                      "rule": "has(self.name) != has(self.number)",
                      "message": "a port has either a name or a number"
                    }
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 63,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                    },
                    "number": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 65535
                    }
                  }
                }
              }
            },
            "path": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^/[!-~]*$"
            },
            "caRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "method": {
              "type": "string",
              "enum": [
                "GET",
                "HEAD",
                "POST"
              ]
            },
            "timeout": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('1m')",
                  "message": "a time from 1ms to 1m"
                }
              ]
            },
            "requestHeaders": {
              "type": "array",
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ]
              }
            },
            "responseHeaders": {
              "type": "array",
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ]
              }
            },
            "clientHeaders": {
              "type": "array",
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                    "message": "this header is written by the proxy alone"
                  }
                ]
              }
            },
            "signIn": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^((https?|\\$scheme|\\$pass_access_scheme)://|/)[!-~]*$"
            },
            "failOpen": {
              "type": "boolean"
            },
            "cache": {
              "type": "object",
              "required": [
                "key"
              ],
              "properties": {
                "key": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 8,
                  "items": {
                    "type": "object",
                    "required": [
                      "type"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "has(self.name) == (self.type in ['Header', 'Cookie', 'Query'])",
                        "message": "name goes with Header, Cookie and Query"
                      }
                    ],
                    "properties": {
                      "type": {
                        "type": "string",
                        "enum": [
                          "Header",
                          "Cookie",
                          "Query",
                          "ClientAddress",
                          "Target"
                        ]
                      },
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      }
                    }
                  }
                },
                "durations": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 8,
                  "items": {
                    "type": "object",
                    "required": [
                      "statuses",
                      "duration"
                    ],
                    "properties": {
                      "statuses": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 16,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "integer",
                          "minimum": 200,
                          "maximum": 403,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self < 300 || self == 401 || self == 403",
                              "message": "answers with 2xx, 401 and 403 are kept"
                            }
                          ]
                        }
                      },
                      "duration": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                            "message": "a time from 1s to 24h"
                          }
                        ]
                      }
                    }
                  }
                }
              }
            }
          }
        },
        "jwt": {
          "type": "object",
          "required": [
            "issuer",
            "jwks"
          ],
          "properties": {
            "issuer": {
              "type": "string",
              "minLength": 1,
              "maxLength": 1024,
              "pattern": "^[!-~]+$"
            },
            "audiences": {
              "type": "array",
              "minItems": 1,
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 512
              }
            },
            "jwks": {
              "type": "object",
              "x-kubernetes-validations": [
                {
                  "rule": "has(self.url) != has(self.secretRef)",
                  "message": "exactly one of url and secretRef must be set"
                },
                {
                  "rule": "!has(self.caRef) || (has(self.url) && self.url.startsWith(\"https:\"))",
                  "message": "caRef needs an https url"
                }
              ],
              "properties": {
                "url": {
                  "type": "string",
                  "maxLength": 1024,
                  "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
                },
                "secretRef": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                    }
                  }
                },
                "caRef": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                    }
                  }
                }
              }
            },
            "algorithms": {
              "type": "array",
              "minItems": 1,
              "maxItems": 10,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "enum": [
                  "RS256",
                  "RS384",
                  "RS512",
                  "PS256",
                  "PS384",
                  "PS512",
                  "ES256",
                  "ES384",
                  "ES512",
                  "EdDSA"
                ]
              }
            },
            "leeway": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('5m')",
                  "message": "a time of at most 5m"
                }
              ]
            },
            "from": {
              "type": "object",
              "x-kubernetes-validations": [
                {
                  "rule": "[has(self.header), has(self.cookie), has(self.query)].filter(x, x).size() == 1",
                  "message": "exactly one of header, cookie and query must be set"
                }
              ],
              "properties": {
                "header": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 256,
                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                },
                "cookie": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 256,
                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                },
                "query": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 256,
                  "pattern": "^[A-Za-z0-9._~-]+$"
                }
              }
            },
            "forwardToken": {
              "type": "boolean"
            },
            "claimHeaders": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": [
                "header"
              ],
              "items": {
                "type": "object",
                "required": [
                  "header",
                  "claim"
                ],
                "properties": {
                  "header": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header has another meaning"
                      }
                    ]
                  },
                  "claim": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256
                  }
                }
              }
            },
            "requiredClaims": {
              "type": "array",
              "maxItems": 16,
              "items": {
                "type": "object",
                "required": [
                  "claim",
                  "values"
                ],
                "properties": {
                  "claim": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256
                  },
                  "values": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 32,
                    "x-kubernetes-list-type": "set",
                    "items": {
                      "type": "string",
                      "maxLength": 512
                    }
                  }
                }
              }
            }
          }
        },
        "oidc": {
          "type": "object",
          "required": [
            "issuer",
            "clientId",
            "secretRef"
          ],
          "x-kubernetes-validations": [
            {
              "rule": "!has(self.caRef) || self.issuer.startsWith(\"https:\")",
              "message": "caRef needs an https issuer"
            },
            {
              "rule": "(has(self.callbackPath) ? self.callbackPath : \"/oauth2/callback\") != (has(self.logoutPath) ? self.logoutPath : \"/oauth2/logout\")",
              "message": "callbackPath and logoutPath differ"
            }
          ],
          "properties": {
            "issuer": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
            },
            "clientId": {
              "type": "string",
              "minLength": 1,
              "maxLength": 512,
              "pattern": "^[!-~]+$"
            },
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "caRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "scopes": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[!-~]+$"
              }
            },
            "callbackPath": {
              "type": "string",
              "maxLength": 256,
              "pattern": "^/[A-Za-z0-9._~/-]+$"
            },
            "logoutPath": {
              "type": "string",
              "maxLength": 256,
              "pattern": "^/[A-Za-z0-9._~/-]+$"
            },
            "afterLogout": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^(https?://|/)[!-~]*$"
            },
            "cookieName": {
              "type": "string",
              "minLength": 1,
              "maxLength": 64,
              "pattern": "^[A-Za-z0-9_-]+$"
            },
            "session": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('596h')",
                  "message": "a time from 1s to 596h"
                }
              ]
            },
            "forwardAccessToken": {
              "type": "boolean"
            },
            "claimHeaders": {
              "type": "array",
              "maxItems": 16,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": [
                "header"
              ],
              "items": {
                "type": "object",
                "required": [
                  "header",
                  "claim"
                ],
                "properties": {
                  "header": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header has another meaning"
                      }
                    ]
                  },
                  "claim": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256
                  }
                }
              }
            },
            "requiredClaims": {
              "type": "array",
              "maxItems": 16,
              "items": {
                "type": "object",
                "required": [
                  "claim",
                  "values"
                ],
                "properties": {
                  "claim": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256
                  },
                  "values": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 32,
                    "x-kubernetes-list-type": "set",
                    "items": {
                      "type": "string",
                      "maxLength": 512
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
};

/** What `loadBalancing` may hold, wherever it stands. */
export const loadBalancingSchema: Schema = {
  "type": "object",
  "x-kubernetes-validations": [
    {
      "rule": "has(self.hash) == (has(self.type) && self.type == 'ConsistentHash')",
      "message": "hash goes with ConsistentHash"
    },
    {
      "rule": "!has(self.slowStart) || !has(self.type) || self.type != \"ConsistentHash\"",
      "message": "slowStart does not go with ConsistentHash"
    },
    {
      "rule": "!has(self.sessionCookie) || !has(self.sessionCookie.mode) || self.sessionCookie.mode != 'Balanced' || (!has(self.type) && !has(self.slowStart))",
      "message": "a sessionCookie with mode Balanced chooses by itself, without type and slowStart"
    }
  ],
  "properties": {
    "type": {
      "type": "string",
      "enum": [
        "RoundRobin",
        "LeastRequest",
        "ConsistentHash"
      ]
    },
    "hash": {
      "type": "object",
      "required": [
        "type"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "has(self.name) == (self.type in ['Header', 'Cookie', 'Query'])",
          "message": "Header, Cookie and Query have a name, all others do not"
        },
        {
          "rule": "self.type == 'Query' || !has(self.name) || self.name.matches(\"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$\")",
          "message": "not a name of a header or cookie"
        }
      ],
      "properties": {
        "type": {
          "type": "string",
          "enum": [
            "Header",
            "Cookie",
            "Query",
            "ClientAddress",
            "Target"
          ]
        },
        "name": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256
        },
        "maxLoadPercent": {
          "type": "integer",
          "minimum": 101,
          "maximum": 10000
        }
      }
    },
    "slowStart": {
      "type": "string",
      "maxLength": 32,
      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
      "x-kubernetes-validations": [
        {
          "rule": "duration(self) >= duration('1s') && duration(self) <= duration('1h')",
          "message": "a time from 1s to 1h"
        }
      ]
    },
    "sessionCookie": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.sameSite) || self.sameSite != \"None\" || !has(self.secure) || self.secure",
          "message": "a browser takes SameSite=None only with Secure"
        }
      ],
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Persistent",
            "Balanced"
          ]
        },
        "name": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256,
          "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
        },
        "path": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1024,
          "pattern": "^/[!-:<-~]*$"
        },
        "domain": {
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
        },
        "maxAge": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('1s') && duration(self) <= duration('9600h')",
              "message": "a time from 1s to 9600h"
            }
          ]
        },
        "secure": {
          "type": "boolean"
        },
        "httpOnly": {
          "type": "boolean"
        },
        "sameSite": {
          "type": "string",
          "enum": [
            "Strict",
            "Lax",
            "None"
          ]
        }
      }
    }
  }
};

/** What `spec` may hold. */
export const smartRouteSchema: Schema = {
  "type": "object",
  "x-kubernetes-validations": [
    {
      "rule": "[has(self.http), has(self.tcp), has(self.udp)].exists_one(x, x)",
      "message": "exactly one of http, tcp and udp must be set"
    },
    {
      "rule": "has(self.tcp) || !has(self.tls) || self.tls.mode != 'Passthrough'",
      "message": "Passthrough goes with tcp"
    },
    {
      "rule": "!has(self.tcp) || has(self.tls) || (has(self.listeners) && (!has(self.hosts) || self.hosts.size() == 0))",
      "message": "tcp without tls needs listeners, and has no hosts"
    },
    {
      "rule": "!has(self.connection) || !has(self.udp)",
      "message": "connection goes with http and tcp; udp has limits of its own"
    },
    {
      "rule": "!has(self.connection) || !has(self.http) || !has(self.connection.firstDataTimeout)",
      "message": "firstDataTimeout goes with tcp; for http there is limits.timeouts.firstByte of the SmartProxyConfig"
    },
    {
      "rule": "!has(self.connection) || !has(self.http) || (!has(self.connection.maxConnections) && !has(self.connection.maxConnectionsPerAddress))",
      "message": "maxConnections and maxConnectionsPerAddress go with tcp; for http there are maxRequests and maxRequestsPerAddress of the policy, which count WebSockets too"
    },
    {
      "rule": "!has(self.connection) || !has(self.connection.firstDataTimeout) || !has(self.tls) || self.tls.mode != 'Passthrough'",
      "message": "firstDataTimeout does not go with Passthrough, whose first bytes have the time of --first-byte-timeout"
    },
    {
      "rule": "has(self.tcp) || !has(self.tls) || !has(self.tls.alpn) || self.tls.alpn.all(p, p == 'h2' || p == 'http/1.1')",
      "message": "with http, ALPN offers h2 and http/1.1"
    },
    {
      "rule": "!has(self.tcp) || !has(self.tls) || !has(self.tls.clientAuth) || !has(self.tls.clientAuth.forwardCertificate) || !self.tls.clientAuth.forwardCertificate",
      "message": "forwardCertificate goes with http"
    },
    {
      "rule": "!has(self.tcp) || !has(self.policy) || !has(self.policy.auth)",
      "message": "with tcp nobody can be asked who they are"
    },
    {
      "rule": "!has(self.udp) || !has(self.policy) || !has(self.policy.auth)",
      "message": "with udp nobody can be asked who they are"
    },
    {
      "rule": "!has(self.udp) || (has(self.listeners) && !has(self.tls) && (!has(self.hosts) || self.hosts.size() == 0))",
      "message": "udp needs listeners, and has no hosts and no tls"
    },
    {
      "rule": "!has(self.tcp) || !has(self.tcp.engine) || self.tcp.engine == 'Node' || !has(self.tls)",
      "message": "the engine NFTables reads nothing, so it has no tls"
    },
    {
      "rule": "!has(self.tls) || (has(self.hosts) && self.hosts.size() > 0)",
      "message": "tls needs hosts"
    },
    {
      "rule": "!has(self.clientCIDRs) || !has(self.tcp) || !has(self.tls)",
      "message": "who has the TLS of a host is decided once for all clients, so with tcp and tls there are no clientCIDRs"
    }
  ],
  "properties": {
    "ingressClassName": {
      "type": "string",
      "minLength": 1,
      "maxLength": 253
    },
    "listeners": {
      "type": "array",
      "minItems": 1,
      "maxItems": 16,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
      }
    },
    "hosts": {
      "type": "array",
      "maxItems": 64,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": "^(\\*\\*?\\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$",
        "x-kubernetes-validations": [
          {
            "rule": "!self.matches(\"^[0-9.]+$\")",
            "message": "a host is a name, not an IP address"
          }
        ]
      }
    },
    "clientCIDRs": {
      "type": "array",
      "minItems": 1,
      "maxItems": 64,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 2,
        "maxLength": 49,
        "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
      }
    },
    "priority": {
      "type": "integer",
      "minimum": -1000,
      "maximum": 1000
    },
    "tls": {
      "type": "object",
      "required": [
        "mode"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.certificate) || self.mode != \"Passthrough\"",
          "message": "with Passthrough the backend has the certificate"
        },
        {
          "rule": "(!has(self.clientAuth) && !has(self.minVersion) && !has(self.alpn)) || self.mode != \"Passthrough\"",
          "message": "with Passthrough the backend says how TLS is spoken"
        }
      ],
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Terminate",
            "TerminateAndReencrypt",
            "Passthrough"
          ]
        },
        "certificate": {
          "type": "object",
          "required": [
            "secretRef"
          ],
          "x-kubernetes-validations": [
            {
              "rule": "!has(self.acme) || !has(self.secretRef.namespace)",
              "message": "a certificate that is ordered goes into a Secret of the namespace of the route"
            }
          ],
          "properties": {
            "acme": {
              "type": "object",
              "required": [
                "issuer"
              ],
              "properties": {
                "issuer": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                }
              }
            },
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                },
                "namespace": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                }
              }
            },
            "alternativeSecretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                },
                "namespace": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                }
              }
            }
          }
        },
        "clientAuth": {
          "type": "object",
          "required": [
            "mode",
            "caRef"
          ],
          "properties": {
            "mode": {
              "type": "string",
              "enum": [
                "Required",
                "Optional"
              ]
            },
            "caRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                }
              }
            },
            "forwardCertificate": {
              "type": "boolean"
            }
          }
        },
        "minVersion": {
          "type": "string",
          "enum": [
            "TLSv1.2",
            "TLSv1.3"
          ]
        },
        "alpn": {
          "type": "array",
          "minItems": 1,
          "maxItems": 8,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[!-~]+$"
          }
        }
      }
    },
    "connection": connectionSchema,
    "policy": policySchema,
    "http": {
      "type": "object",
      "required": [
        "rules"
      ],
      "properties": {
        "rules": {
          "type": "array",
          "minItems": 1,
          "maxItems": 64,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "action"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "!has(self.action.redirect) || !has(self.action.redirect.path) || self.action.redirect.path.type != 'ReplacePrefix' || !has(self.matches) || self.matches.all(m, !has(m.path) || m.path.type == 'Prefix')",
                "message": "a redirect with ReplacePrefix needs matches by Prefix"
              },
              {
                "rule": "!has(self.action.forward) || !has(self.action.forward.rewrite) || !has(self.action.forward.rewrite.path) || self.action.forward.rewrite.path.type != 'ReplacePrefix' || !has(self.matches) || self.matches.all(m, !has(m.path) || m.path.type == 'Prefix')",
                "message": "a rewrite with ReplacePrefix needs matches by Prefix"
              }
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "matches": {
                "type": "array",
                "minItems": 1,
                "maxItems": 16,
                "items": {
                  "type": "object",
                  "properties": {
                    "path": {
                      "type": "object",
                      "required": [
                        "type",
                        "value"
                      ],
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.type == 'Regex' || self.value.startsWith('/')",
                          "message": "a path begins with \"/\""
                        },
                        {
                          "rule": "self.type != 'Regex' || self.value.size() <= 256",
                          "message": "a pattern has at most 256 characters"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.contains('//')",
                          "message": "a path has no empty element (\"//\")"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('/[.][.]?(/|$)')",
                          "message": "a path has no \".\" or \"..\" element"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('%2[fF]')",
                          "message": "a path has no encoded slash (%2F)"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('[?#\\\\x00-\\\\x20\\\\x7f]')",
                          "message": "a path has no query, fragment, space or control character"
                        }
                      ],
                      "properties": {
                        "type": {
                          "type": "string",
                          "enum": [
                            "Exact",
                            "Prefix",
                            "Regex"
                          ]
                        },
                        "value": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 1024
                        }
                      }
                    },
                    "methods": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 32,
                        "pattern": "^[A-Z][-A-Z]*$"
                      }
                    },
                    "headers": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "has(self.value) != (has(self.type) && self.type in ['Present', 'Absent'])",
                            "message": "Present and Absent have no value, all others do"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "Exact",
                              "Prefix",
                              "Regex",
                              "Present",
                              "Absent"
                            ]
                          },
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 1024
                          }
                        }
                      }
                    },
                    "query": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "has(self.value) != (has(self.type) && self.type in ['Present', 'Absent'])",
                            "message": "Present and Absent have no value, all others do"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "Exact",
                              "Prefix",
                              "Regex",
                              "Present",
                              "Absent"
                            ]
                          },
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024
                          }
                        }
                      }
                    }
                  }
                }
              },
              "policy": policySchema,
              "action": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.forward), has(self.redirect), has(self.respond), has(self.block)].exists_one(x, x)",
                    "message": "exactly one of forward, redirect, respond and block must be set"
                  }
                ],
                "properties": {
                  "forward": {
                    "type": "object",
                    "required": [
                      "backends"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "self.backends.exists(b, !has(b.weight) || b.weight > 0)",
                        "message": "some backend needs a weight"
                      }
                    ],
                    "properties": {
                      "backends": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 16,
                        "items": {
                          "type": "object",
                          "required": [
                            "name",
                            "port"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 253,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                            },
                            "namespace": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 63,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                            },
                            "port": {
                              "type": "object",
                              "x-kubernetes-validations": [
                                {
                                  "rule": "[has(self.name), has(self.number), has(self.preserve) && self.preserve].exists_one(x, x)",
                                  "message": "a port has either a name or a number, or is preserved"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 63,
                                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                                },
                                "number": {
                                  "type": "integer",
                                  "minimum": 1,
                                  "maximum": 65535
                                },
                                "preserve": {
                                  "type": "boolean"
                                }
                              }
                            },
                            "weight": {
                              "type": "integer",
                              "minimum": 0,
                              "maximum": 1000000
                            }
                          }
                        }
                      },
                      "rewrite": {
                        "type": "object",
                        "properties": {
                          "host": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 259,
                            "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$"
                          },
                          "path": {
                            "type": "object",
                            "required": [
                              "type",
                              "value"
                            ],
                            "x-kubernetes-validations": [
                              {
                                "rule": "self.type == 'ReplaceRegex' || (self.value.matches(\"^/[!-~]*$\") && !self.value.matches(\"[?#]\"))",
                                "message": "a path begins with \"/\" and has no space, query or fragment; percent-encode other characters"
                              },
                              {
                                "rule": "has(self.pattern) == (self.type == 'ReplaceRegex')",
                                "message": "a pattern goes with ReplaceRegex"
                              },
                              {
                                "rule": "self.type != 'ReplaceRegex' || self.value.matches('^([!\"%->@-\\\\[\\\\]-~]|[$][0-9])*$')",
                                "message": "a substitution is printable ASCII without \"?\", \"#\" and \"\\\", in which $0 to $9 stand for groups"
                              }
                            ],
                            "properties": {
                              "type": {
                                "type": "string",
                                "enum": [
                                  "ReplaceFull",
                                  "ReplacePrefix",
                                  "ReplaceRegex"
                                ]
                              },
                              "pattern": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 256
                              },
                              "value": {
                                "type": "string",
                                "maxLength": 1024
                              }
                            }
                          }
                        }
                      },
                      "loadBalancing": loadBalancingSchema
                    }
                  },
                  "redirect": {
                    "type": "object",
                    "x-kubernetes-validations": [
                      {
                        "rule": "has(self.scheme) || has(self.host) || has(self.port) || has(self.path)",
                        "message": "a redirect changes scheme, host, port or path"
                      }
                    ],
                    "properties": {
                      "scheme": {
                        "type": "string",
                        "enum": [
                          "http",
                          "https"
                        ]
                      },
                      "host": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                      },
                      "port": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 65535
                      },
                      "path": {
                        "type": "object",
                        "required": [
                          "type",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "self.value.matches(\"^/[!-~]*$\") && !self.value.matches(\"[?#]\")",
                            "message": "a path begins with \"/\" and has no space, query or fragment; percent-encode other characters"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "ReplaceFull",
                              "ReplacePrefix"
                            ]
                          },
                          "value": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 1024
                          }
                        }
                      },
                      "status": {
                        "type": "integer",
                        "enum": [
                          301,
                          302,
                          303,
                          307,
                          308
                        ]
                      }
                    }
                  },
                  "respond": {
                    "type": "object",
                    "required": [
                      "status"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!has(self.body) || !(self.status in [204, 205, 304])",
                        "message": "an answer with status 204, 205 or 304 has no body"
                      }
                    ],
                    "properties": {
                      "status": {
                        "type": "integer",
                        "minimum": 200,
                        "maximum": 599
                      },
                      "headers": {
                        "type": "array",
                        "maxItems": 32,
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": [
                          "name"
                        ],
                        "items": {
                          "type": "object",
                          "required": [
                            "name",
                            "value"
                          ],
                          "x-kubernetes-validations": [
                            {
                              "rule": "!self.name.matches(\"^(?i:connection|content-length|date|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$\")",
                              "message": "this header is the proxy's own business"
                            }
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 256,
                              "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                            },
                            "value": {
                              "type": "string",
                              "maxLength": 1024,
                              "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                            }
                          }
                        }
                      },
                      "body": {
                        "type": "string",
                        "maxLength": 4096
                      }
                    }
                  },
                  "block": {
                    "type": "object"
                  }
                }
              }
            }
          }
        }
      }
    },
    "tcp": {
      "type": "object",
      "required": [
        "backends"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.nftables) || (has(self.engine) && self.engine == 'NFTables')",
          "message": "nftables goes with the engine NFTables"
        },
        {
          "rule": "self.backends.exists(b, !has(b.weight) || b.weight > 0)",
          "message": "some backend needs a weight"
        }
      ],
      "properties": {
        "loadBalancing": {
          "type": "object",
          "x-kubernetes-validations": [
            {
              "rule": "!has(self.slowStart) || !has(self.type) || self.type != \"ConsistentHash\"",
              "message": "slowStart does not go with ConsistentHash"
            }
          ],
          "properties": {
            "type": {
              "type": "string",
              "enum": [
                "RoundRobin",
                "LeastRequest",
                "ConsistentHash"
              ]
            },
            "slowStart": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('1h')",
                  "message": "a time from 1s to 1h"
                }
              ]
            }
          }
        },
        "engine": {
          "type": "string",
          "enum": [
            "Node",
            "NFTables"
          ]
        },
        "nftables": {
          "type": "object",
          "properties": {
            "preserveSource": {
              "type": "boolean"
            },
            "connectionRate": {
              "type": "object",
              "required": [
                "perSecond"
              ],
              "properties": {
                "perSecond": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000
                },
                "burst": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000
                },
                "per": {
                  "type": "string",
                  "enum": [
                    "Client",
                    "Route"
                  ]
                }
              }
            }
          }
        },
        "backends": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "items": {
            "type": "object",
            "required": [
              "name",
              "port"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
              },
              "namespace": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "port": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.name), has(self.number), has(self.preserve) && self.preserve].exists_one(x, x)",
                    "message": "a port has either a name or a number, or is preserved"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                  },
                  "number": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "preserve": {
                    "type": "boolean"
                  }
                }
              },
              "weight": {
                "type": "integer",
                "minimum": 0,
                "maximum": 1000000
              }
            }
          }
        }
      }
    },
    "udp": {
      "type": "object",
      "required": [
        "backends"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.nftables) || (has(self.engine) && self.engine == 'NFTables')",
          "message": "nftables goes with the engine NFTables"
        },
        {
          "rule": "self.backends.exists(b, !has(b.weight) || b.weight > 0)",
          "message": "some backend needs a weight"
        }
      ],
      "properties": {
        "engine": {
          "type": "string",
          "enum": [
            "Node",
            "NFTables"
          ]
        },
        "nftables": {
          "type": "object",
          "properties": {
            "preserveSource": {
              "type": "boolean"
            },
            "connectionRate": {
              "type": "object",
              "required": [
                "perSecond"
              ],
              "properties": {
                "perSecond": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000
                },
                "burst": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000
                },
                "per": {
                  "type": "string",
                  "enum": [
                    "Client",
                    "Route"
                  ]
                }
              }
            }
          }
        },
        "idleTimeout": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
              "message": "a time from 1s to 24h"
            }
          ]
        },
        "maxSessions": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxSessionsPerAddress": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "backends": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "items": {
            "type": "object",
            "required": [
              "name",
              "port"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
              },
              "namespace": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "port": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.name), has(self.number), has(self.preserve) && self.preserve].exists_one(x, x)",
                    "message": "a port has either a name or a number, or is preserved"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                  },
                  "number": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65535
                  },
                  "preserve": {
                    "type": "boolean"
                  }
                }
              },
              "weight": {
                "type": "integer",
                "minimum": 0,
                "maximum": 1000000
              }
            }
          }
        }
      }
    }
  }
};
